using System.Collections.Concurrent;
using System.Text.Json.Serialization;
using Longspan.Kernel.Access.Documents;
using Longspan.Kernel.Reconcilers;
using Longspan.Store.Documents;

namespace Longspan.Kernel.Access;

/// <summary>When and for what an access key or a role was last used: an attempt counts, whatever became of it.</summary>
/// <param name="RoleName">Null for an access key.</param>
public sealed record LastUse(DateTimeOffset At, string Service, string Region, string? RoleName = null);

/// <summary>
/// The last use of each access key and role. Noted in memory with every signed call and written every <see cref="WritePeriod"/> and at an orderly
/// end, so that calls cost no writes; a crash loses the uses since. AWS tells of uses hours later, so nobody relies on more.
/// </summary>
public sealed class LastUses(DocumentLog documents, TimeProvider clock, string accountId)
{
    public static readonly TimeSpan WritePeriod = TimeSpan.FromMinutes(10);
    /// <summary>Uses for the same are told apart no finer than this.</summary>
    public static readonly TimeSpan Grain = TimeSpan.FromMinutes(1);
    /// <summary>Keys and roles that may wait to be written; the uses of further ones are not noted until they are.</summary>
    public const int MaximumWaiting = 10_000;
    private const int BatchSize = 100;

    // Not one of the access kinds, whose every change makes callers be looked up anew.
    private static readonly DocumentKind<LastUse> s_kind = new() { Name = "access.last-use", Json = LastUseJson.Default.LastUse };

    private readonly ConcurrentDictionary<string, LastUse> _waiting = new(StringComparer.Ordinal);

    /// <summary>A call has come that this caller has signed. Costs the hot path a look-up.</summary>
    public void Note(Caller caller, string service, string region)
    {
        ArgumentNullException.ThrowIfNull(caller);
        var id = IdOf(caller);
        if (id.IsEmpty)
        {
            return;
        }
        var now = clock.GetUtcNow();
        if (_waiting.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(id, out var noted))
        {
            if (now - noted.At < Grain && noted.Service == service && noted.Region == region)
            {
                return;
            }
        }
        else if (_waiting.Count >= MaximumWaiting)
        {
            return;
        }
        _waiting[id.ToString()] = new LastUse(now, service, region, caller.Session?.RoleArn is { } role ? role[(role.LastIndexOf('/') + 1)..] : null);
    }

    /// <param name="id">The access key's id, or the role's unique one.</param>
    public async ValueTask<LastUse?> FindAsync(string id, CancellationToken stop) =>
        _waiting.TryGetValue(id, out var noted) ? noted : (await documents.GetAsync(s_kind, accountId, id, stop))?.Value;

    /// <summary>Lets the commit that deletes a key or role take its last use along.</summary>
    public async ValueTask<Commit> ForgetAsync(Commit commit, string id, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(commit);
        return await documents.GetAsync(s_kind, accountId, id, stop) is { } kept ? commit.Delete(kept) : commit;
    }

    /// <summary>Forgets what was not written; for a log that was emptied under us.</summary>
    public void Clear() => _waiting.Clear();

    /// <summary>Writes what was noted. What meets a conflict waits for the next time.</summary>
    public async ValueTask WriteAsync(CancellationToken stop)
    {
        foreach (var batch in _waiting.ToArray().Chunk(BatchSize))
        {
            var commit = new Commit();
            foreach (var (id, use) in batch)
            {
                // Whoever is gone, or made again under the name, has no last use; one that goes meanwhile is a conflict.
                if (await HasOwnerAsync(commit, id, use, stop))
                {
                    commit.Put(s_kind, accountId, id, use);
                }
            }
            if (commit.IsEmpty || (await documents.CommitAsync(commit, stop)).Committed)
            {
                foreach (var written in batch)
                {
                    _waiting.TryRemove(written);
                }
            }
        }
    }

    private async ValueTask<bool> HasOwnerAsync(Commit commit, string id, LastUse use, CancellationToken stop)
    {
        if (use.RoleName is null)
        {
            return Expects(commit, await documents.GetAsync(AccessKinds.AccessKeys, accountId, id, stop));
        }
        var role = await documents.GetAsync(AccessKinds.Roles, accountId, AccessKinds.NameOf(use.RoleName), stop);
        return role?.Value.RoleId == id && Expects(commit, role);
    }

    private static bool Expects<T>(Commit commit, Document<T>? owner)
        where T : class
    {
        if (owner is not null)
        {
            commit.Expect(owner);
        }
        return owner is not null;
    }

    // Sessions of users are not told apart from anything on AWS either.
    private static ReadOnlySpan<char> IdOf(Caller caller) => caller.Session is null ? caller.AccessKeyId
        : caller.Session.RoleArn is null ? default
        : caller.UserId.AsSpan()[..Math.Max(0, caller.UserId.IndexOf(':', StringComparison.Ordinal))];
}

/// <summary>Writes the last uses from time to time.</summary>
public sealed class LastUseReconciler(LastUses uses) : Reconciler
{
    private static readonly string[] s_shards = ["all"];

    public override string Name => "access.last-use";

    public override TimeSpan Period => LastUses.WritePeriod;

    public override string? ShardOf(DocumentChange change) => null;

    public override ValueTask<IReadOnlyList<string>> ListShardsAsync(CancellationToken stop) => ValueTask.FromResult<IReadOnlyList<string>>(s_shards);

    public override async ValueTask<TimeSpan?> RunAsync(string shard, CancellationToken stop)
    {
        await uses.WriteAsync(stop);
        return null;
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LastUse))]
internal sealed partial class LastUseJson : JsonSerializerContext;
