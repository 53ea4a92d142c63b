using System.Text.Json.Serialization;
using Longspan.Store.Documents;

namespace Longspan.Services.Logs.Documents;

/// <summary>A log group. Scope <c>account/region</c>, name is the group's own.</summary>
/// <param name="Id">
/// Names this life of the group: its streams and events are filed under it. So a group that is deleted and made again starts empty at once,
/// however long the removal of the old events takes.
/// </param>
internal sealed record LogGroupDocument(
    string Id, string Name, DateTimeOffset CreatedAt, string LogGroupClass, bool DeletionProtected, int? RetentionDays,
    IReadOnlyDictionary<string, string> Tags)
{
    /// <summary>Events before this time have expired: readers no longer see them, and a pass removes them.</summary>
    public long ExpiredBeforeMs(DateTimeOffset now) => RetentionDays is { } days ? Math.Max(0, now.AddDays(-days).ToUnixTimeMilliseconds()) : 0;

    public LogGroupDocument WithRetention(int? days) => this with { RetentionDays = days };

    public LogGroupDocument WithTags(IReadOnlyDictionary<string, string> tags) => this with { Tags = tags };
}

/// <summary>A log stream. Scope <c>account/region/group id</c>, name is the stream's own.</summary>
/// <param name="Key">
/// The stream's name in the record store: its own, a colon (which no stream name holds) and a number of this life. As with groups, an event that
/// arrives while the stream is being deleted cannot turn up in a later stream of that name.
/// </param>
internal sealed record LogStreamDocument(string Name, string Key, DateTimeOffset CreatedAt)
{
    /// <summary>The name that clients know, from a key.</summary>
    public static string NameOf(string key) => key[..key.LastIndexOf(':')];
}

/// <summary>
/// Events still to be removed: written in the commit that deletes their group or stream, deleted when they are gone. Scope
/// <c>account/region</c>, name is the group's id, followed for a stream by a colon and the stream's key.
/// </summary>
internal sealed record RemovalDocument(string GroupId, string? StreamKey)
{
    public string DocumentName => StreamKey is null ? GroupId : $"{GroupId}:{StreamKey}";
}

internal static class LogsKinds
{
    public static readonly DocumentKind<LogGroupDocument> Group = new() { Name = "logs.group", Json = LogsJson.Default.LogGroupDocument };

    public static readonly DocumentKind<LogStreamDocument> Stream = new() { Name = "logs.stream", Json = LogsJson.Default.LogStreamDocument };

    public static readonly DocumentKind<RemovalDocument> Removal = new() { Name = "logs.removal", Json = LogsJson.Default.RemovalDocument };

    /// <summary>Scope of a group's streams.</summary>
    public static string ScopeOfStreams(string scope, string groupId) => $"{scope}/{groupId}";
}

[JsonSerializable(typeof(LogGroupDocument))]
[JsonSerializable(typeof(LogStreamDocument))]
[JsonSerializable(typeof(RemovalDocument))]
internal sealed partial class LogsJson : JsonSerializerContext;
