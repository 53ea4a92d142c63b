using System.Text.Json;
using System.Text.Json.Serialization;
using Longspan.Cli.Embedded;

namespace Longspan.Cli.Output;

/// <summary>Output for programs: one JSON document on standard output, names in camelCase.</summary>
internal static partial class Json
{
    public static void Print(SortedDictionary<string, string> value) => Console.WriteLine(JsonSerializer.Serialize(value, Context.Default.SortedDictionaryStringString));

    public static void Print(StatusReport value) => Console.WriteLine(JsonSerializer.Serialize(value, Context.Default.StatusReport));

    [JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(SortedDictionary<string, string>))]
    [JsonSerializable(typeof(StatusReport))]
    private sealed partial class Context : JsonSerializerContext;
}
