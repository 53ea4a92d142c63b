using Longspan.Kernel;

namespace Longspan.Services.Ecs.Link;

/// <summary>One life of the server, as far as nodes are concerned.</summary>
/// <param name="Number">Larger in every life.</param>
/// <param name="Absence">For how long no server was there before it.</param>
internal readonly record struct ServerLife(long Number, TimeSpan Absence);

/// <summary>
/// For how long the server itself was away: time in which no node could be heard of must not count as the nodes' absence. The server leaves
/// a sign of life in a lease, which makes no revisions; the first look in a new life tells how old the last sign is.
/// </summary>
internal sealed class ServerPresence(Cloud cloud) : IDisposable
{
    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(10);
    private const string LeaseName = "ecs.presence";
    private const string Holder = "server";
    private static readonly TimeSpan LeaseLife = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _one = new(1);
    private Store.Documents.Lease? _lease;
    private ServerLife _life;
    private DateTimeOffset _nextBeat;

    public DateTimeOffset StartedAt { get; } = cloud.Clock.GetUtcNow();

    /// <summary>This life, with a sign of it left behind if the last one is old.</summary>
    public async ValueTask<ServerLife> LookAsync(CancellationToken stop)
    {
        await _one.WaitAsync(stop);
        try
        {
            var now = cloud.Clock.GetUtcNow();
            if (_lease is not null && now < _nextBeat)
            {
                return _life;
            }
            _nextBeat = now + Beat;
            if (_lease is not null && await cloud.Documents.RenewLeaseAsync(_lease, LeaseLife, stop) is { } renewed)
            {
                _lease = renewed;
                return _life;
            }
            var last = (await cloud.Documents.ListLeasesAsync(stop, LeaseName)).FirstOrDefault(l => l.Name == LeaseName);
            // An end in between, of another server beside this one, is no absence.
            _lease = await cloud.Documents.AcquireLeaseAsync(LeaseName, Holder, LeaseLife, stop, evenIfHeld: true);
            var silence = last is null ? TimeSpan.Zero : now - (last.Expires - LeaseLife);
            _life = new ServerLife(_lease!.Epoch, silence > Beat * 2 ? silence : TimeSpan.Zero);
            return _life;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();
}
