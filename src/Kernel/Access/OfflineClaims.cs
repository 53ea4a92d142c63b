using System.Text.Json.Serialization;

namespace Longspan.Kernel.Access;

/// <summary>
/// What an offline session is bound to: one task on one container instance, for a cut that outlasts the task's usual keys. Whether the
/// session counts is asked at each call (<see cref="AccessKeys.Offline"/>). Names are frozen, as those of <see cref="SessionClaims"/>.
/// </summary>
public sealed record OfflineClaims
{
    [JsonPropertyName("t")] public required string TaskArn { get; init; }
    [JsonPropertyName("c")] public required string InstanceId { get; init; }
    /// <summary>The end of the usual keys beside which it was made: only an absence over this moment gives it a use.</summary>
    [JsonPropertyName("u")] public required long UsableFromSeconds { get; init; }

    [JsonIgnore] public DateTimeOffset UsableFrom => DateTimeOffset.FromUnixTimeSeconds(UsableFromSeconds);
}

/// <summary>Whether an offline session that is not over counts now. Asked at each call, because what decides changes without notice.</summary>
public delegate ValueTask<bool> OfflineJudge(SessionClaims session, CancellationToken stop);
