using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Serialization;
using Longspan.AgentLink;
using Longspan.Node.State;

namespace Longspan.Node.Tasks;

/// <summary>Keys of a task's role that the server takes only after a cut, and only from <see cref="UsableFrom"/> on.</summary>
internal sealed record OfflineGrant(IAMRoleCredentials Credentials, DateTimeOffset UsableFrom)
{
    [JsonIgnore]
    public DateTimeOffset Ends => DateTimeOffset.Parse(Credentials.Expiration!, CultureInfo.InvariantCulture);

    public override string ToString() => $"offline credentials of {Credentials.RoleArn} until {Ends:u}";
}

/// <summary>
/// Offline credentials of live tasks. On disk sealed and apart from the tasks, so that they outlast a restart of the node in the middle of a
/// cut; in memory by the id under which containers ask for the usual ones.
/// </summary>
internal sealed class OfflineGrants(StateFolder state, TimeProvider time)
{
    /// <summary>
    /// Containers are told that such keys end this soon: longer than any SDK wants keys to hold, and short enough that they ask again, and get
    /// the usual ones, soon after the cut.
    /// </summary>
    public static readonly TimeSpan ToldLife = TimeSpan.FromMinutes(20);

    private readonly SealedFiles<OfflineGrant> _kept = new(state, "offline", "offline\n", OfflineGrantJson.Default.OfflineGrant);
    private readonly ConcurrentDictionary<string, OfflineGrant> _byId = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _servedSince = new(StringComparer.Ordinal);

    /// <summary>Takes up what is on disk for these tasks and removes the rest.</summary>
    public void Restore(IReadOnlyCollection<SavedTask> tasks)
    {
        _kept.Keep(tasks.Select(t => t.Arn));
        foreach (var task in tasks)
        {
            if (task.RoleCredentialsId is { } id && _kept.Read(task.Arn) is { } grant)
            {
                _byId[id] = grant;
            }
        }
    }

    /// <summary>Takes what the server sent for a task, or that it takes back.</summary>
    public void Take(SavedTask task, OfflineCredentialsMessage sent)
    {
        if (sent.RoleCredentials is not { IsComplete: true } keys)
        {
            Forget(task);
        }
        else if (keys.CredentialsId == task.RoleCredentialsId && sent.UsableFrom is { } from && IsTime(from)
            && DateTimeOffset.TryParse(keys.Expiration, CultureInfo.InvariantCulture, out _))
        {
            var grant = new OfflineGrant(keys, DateTimeOffset.UnixEpoch.AddSeconds(from));
            _kept.Write(task.Arn, grant);
            _byId[keys.CredentialsId!] = grant;
        }
    }

    public void Forget(SavedTask task)
    {
        if (task.RoleCredentialsId is { } id && _byId.TryRemove(id, out _))
        {
            _kept.Delete(task.Arn);
            _servedSince.TryRemove(id, out _);
        }
    }

    public OfflineGrant? Find(string? credentialsId) => credentialsId is null ? null : _byId.GetValueOrDefault(credentialsId);

    /// <summary>The keys as a container is to see them now, if there are any and it is their time.</summary>
    /// <param name="isFirst">Nobody got them since the server was last told.</param>
    public IAMRoleCredentials? Serve(string credentialsId, out bool isFirst)
    {
        isFirst = false;
        var now = time.GetUtcNow();
        if (Find(credentialsId) is not { } grant || now < grant.UsableFrom || now >= grant.Ends)
        {
            return null;
        }
        isFirst = _servedSince.TryAdd(credentialsId, now);
        var told = now + ToldLife < grant.Ends ? now + ToldLife : grant.Ends;
        return grant.Credentials with { Expiration = told.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) };
    }

    public DateTimeOffset? ServedSince(string? credentialsId) =>
        credentialsId is not null && _servedSince.TryGetValue(credentialsId, out var since) ? since : null;

    /// <summary>The server has been told of what was given out.</summary>
    public void Told() => _servedSince.Clear();

    private static bool IsTime(double seconds) => seconds is >= 0 and < 253_402_300_800;
}

[JsonSerializable(typeof(OfflineGrant))]
internal sealed partial class OfflineGrantJson : JsonSerializerContext;
