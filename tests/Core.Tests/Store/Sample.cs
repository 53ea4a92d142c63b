using System.Text.Json.Serialization;
using Longspan.Store.Documents;

namespace Longspan.Core.Tests.Store;

/// <summary>A document of no service: the store must not care.</summary>
internal sealed record Sample(string Text, int Number = 0, string? Colour = null);

[JsonSerializable(typeof(Sample))]
internal sealed partial class SampleJson : JsonSerializerContext;

internal static class SampleKinds
{
    public const string Scope = "000000000000/eu-central-1";

    public static DocumentKind<Sample> Plain { get; } = new()
    {
        Name = "sample",
        Json = SampleJson.Default.Sample,
        Indexes = static (_, value) => value.Colour is null ? [] : [("colour", value.Colour)],
    };

    public static DocumentKind<Sample> Secret { get; } = new() { Name = "secret-sample", Json = SampleJson.Default.Sample, Secret = true };
}
