using System.Text.Json.Serialization;

namespace Longspan.Node.Injection;

/// <summary>What was fetched for a task, by the names of its containers. Never logged and never on disk as it is.</summary>
internal sealed record InjectedValues
{
    public Dictionary<string, ContainerValues> Containers { get; init; } = [];

    public override string ToString() => $"values of {Containers.Count} containers";
}

internal sealed record ContainerValues
{
    public static readonly ContainerValues None = new();

    /// <summary>From environment files: the container's own environment goes before it.</summary>
    public Dictionary<string, string> FromFiles { get; init; } = [];
    public Dictionary<string, string> Secrets { get; init; } = [];
    /// <summary>For the log driver.</summary>
    public Dictionary<string, string> LogOptions { get; init; } = [];

    public override string ToString() => $"{FromFiles.Count} variables from files, {Secrets.Count} secrets, {LogOptions.Count} log options";
}

[JsonSerializable(typeof(InjectedValues))]
internal sealed partial class InjectedValuesJson : JsonSerializerContext;
