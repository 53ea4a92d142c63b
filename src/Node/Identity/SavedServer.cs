using System.Text.Json.Serialization;
using Longspan.Node.State;

namespace Longspan.Node.Identity;

/// <summary>The server that this machine has joined by a token, as it is kept in the state folder.</summary>
public sealed record SavedServer
{
    internal const string FileName = "server.json";

    public required Uri Endpoint { get; init; }
    public required string Region { get; init; }
    /// <summary>The key that the server has to prove, as <c>sha256:HEX</c>.</summary>
    public string? Pin { get; init; }
    /// <summary>The certificate of that key, in PEM form; null until it was seen.</summary>
    public string? Authority { get; init; }

    /// <summary>Null when this machine has joined by no token, or not at all.</summary>
    /// <exception cref="InvalidDataException">The file is damaged: going on without the pin would be going on without the check.</exception>
    public static SavedServer? Read(string stateFolder) =>
        Path.Combine(stateFolder, FileName) is var path && File.Exists(path) ? StateFolder.Read(path, SavedServerJson.Default.SavedServer) : null;

    internal void Write(StateFolder state) => StateFolder.Write(state.File(FileName), this, SavedServerJson.Default.SavedServer);
}

[JsonSerializable(typeof(SavedServer))]
internal sealed partial class SavedServerJson : JsonSerializerContext;
