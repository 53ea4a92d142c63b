using System.Collections.Concurrent;

namespace Longspan.Services.Ssm.Rules;

/// <summary>
/// When each machine was last heard of. Pings are too many and too small for the document log, so they live in memory; the documents hold
/// a time that is at most <see cref="RecordEvery"/> old, and after a start a machine that was recorded recently is given
/// the benefit of the doubt until its next ping is overdue. Bounded by the number of registered machines.
/// </summary>
internal sealed class PingTimes(TimeProvider clock)
{
    /// <summary>Twice the agent's default period of five minutes, and some slack.</summary>
    public static readonly TimeSpan OnlineFor = TimeSpan.FromMinutes(12);
    public static readonly TimeSpan InactiveAfter = TimeSpan.FromDays(30);
    public static readonly TimeSpan RecordEvery = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<string, DateTimeOffset> _heard = new(StringComparer.Ordinal);
    private readonly DateTimeOffset _started = clock.GetUtcNow();

    public void Heard(string instanceId, DateTimeOffset at) => _heard[instanceId] = at;

    public void Forget(string instanceId) => _heard.TryRemove(instanceId, out _);

    public void ForgetAll() => _heard.Clear();

    public DateTimeOffset? LastPing(string instanceId, DateTimeOffset? recorded) =>
        _heard.TryGetValue(instanceId, out var heard) ? heard : recorded;

    /// <summary><c>Online</c>, <c>ConnectionLost</c> or <c>Inactive</c>; a machine that never reported is inactive.</summary>
    public string Status(string instanceId, DateTimeOffset? recorded, DateTimeOffset now)
    {
        var last = LastPing(instanceId, recorded);
        if (last is not { } at)
        {
            return "Inactive";
        }
        var presumed = !_heard.ContainsKey(instanceId) && _started - at < RecordEvery + OnlineFor && _started > at ? _started : at;
        return now - presumed < OnlineFor ? "Online" : now - at < InactiveAfter ? "ConnectionLost" : "Inactive";
    }
}
