using System.Text.Json;

namespace Orders.Processor;

/// <summary>
/// <c>dotnet Orders.Processor.dll --list</c> prints the on-premises store, one JSON object per order. Run with the engine's exec
/// inside the container, it is how someone on the premises looks at orders; there is no network way to them.
/// </summary>
internal static class StoreListing
{
    private const int MostOrders = 10_000;

    public static bool IsAskedFor(string[] args) => args is ["--list"];

    public static int Print(TextWriter output)
    {
        using var store = new OrderStore(ProcessorHost.Folder(Environment.GetEnvironmentVariable("DATA_DIR")));
        foreach (var order in store.List(MostOrders))
        {
            output.WriteLine(JsonSerializer.Serialize(order, ProcessorJson.Default.StoredOrder));
        }

        return 0;
    }
}
