using System.Globalization;
using System.Text.Json.Serialization;
using Amazon.SQS;
using Orders.Core;

namespace Orders.Processor;

internal sealed record ProcessorHealth(string Status, string Queue, long Stored);

internal static class ProcessorHost
{
    public const string DefaultFolder = "/data";

    private const int DefaultWorkMs = 250;
    private const int LongestWorkMs = 10_000; // One order in hand must fit into a graceful stop.

    public static Task RunAsync(string[] args)
    {
        var builder = ServiceHost.NewBuilder(args);
        var queues = new QueueNames(builder.Require(QueueNames.OrdersVariable), builder.Require(QueueNames.StatusVariable));
        bool isSet = int.TryParse(builder.Configuration["PROCESSING_MS"], NumberStyles.None, CultureInfo.InvariantCulture, out int workMs);
        var settings = new IntakeSettings(TimeSpan.FromMilliseconds(isSet ? Math.Min(workMs, LongestWorkMs) : DefaultWorkMs), null);
        return Build(builder, QueueClients.Create(), queues, settings, Folder(builder.Configuration["DATA_DIR"])).RunAsync();
    }

    public static WebApplication Build(
        WebApplicationBuilder builder, IAmazonSQS sqs, QueueNames queues, IntakeSettings settings, string folder)
    {
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, ProcessorJson.Default));
        builder.Services.AddSingleton(sqs);
        builder.Services.AddSingleton(queues);
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton(_ => new OrderStore(folder));
        builder.Services.AddSingleton<OrderIntake>();
        builder.Services.AddHostedService(services => services.GetRequiredService<OrderIntake>());

        var app = builder.Build();

        // A cut link is not ill health: restarting the container would not mend it, and the orders are safe in the queue.
        app.MapGet("/health", (OrderIntake intake, OrderStore store) =>
            TypedResults.Ok(new ProcessorHealth("ok", intake.QueueIsReachable ? "reachable" : "unreachable", store.Count())));
        return app;
    }

    public static string Folder(string? setting) => string.IsNullOrEmpty(setting) ? DefaultFolder : setting;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ProcessorHealth))]
[JsonSerializable(typeof(StoredOrder))]
internal sealed partial class ProcessorJson : JsonSerializerContext;
