using System.Text.Json;
using System.Text.Json.Serialization;
using Longspan.Cli.Embedded;
using Longspan.Cli.Nodes;
using Longspan.Cli.Queues;

namespace Longspan.Cli.Output;

/// <summary>Output for programs: one JSON document on standard output, names in camelCase.</summary>
internal static partial class Json
{
    public static void Print(SortedDictionary<string, string> value) => Console.WriteLine(JsonSerializer.Serialize(value, Context.Default.SortedDictionaryStringString));

    public static void Print(StatusReport value) => Console.WriteLine(JsonSerializer.Serialize(value, Context.Default.StatusReport));

    public static void Print(NodeDoctorReport value) => Console.WriteLine(JsonSerializer.Serialize(value, Context.Default.NodeDoctorReport));

    public static void Print(QueueListReport value) => Console.WriteLine(JsonSerializer.Serialize(value, Context.Default.QueueListReport));

    public static void Print(QueuePurgeReport value) => Console.WriteLine(JsonSerializer.Serialize(value, Context.Default.QueuePurgeReport));

    public static void Print(QueueMoveReport value) => Console.WriteLine(JsonSerializer.Serialize(value, Context.Default.QueueMoveReport));

    [JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(SortedDictionary<string, string>))]
    [JsonSerializable(typeof(StatusReport))]
    [JsonSerializable(typeof(NodeDoctorReport))]
    [JsonSerializable(typeof(QueueListReport))]
    [JsonSerializable(typeof(QueuePurgeReport))]
    [JsonSerializable(typeof(QueueMoveReport))]
    private sealed partial class Context : JsonSerializerContext;
}
