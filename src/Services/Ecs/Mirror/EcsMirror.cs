using System.Diagnostics.CodeAnalysis;
using Longspan.Services.Ecs.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Mirror;

/// <summary>
/// The clusters' live state in memory: services, tasks that live or are not accounted for, instances and assignments. Reading it costs
/// microseconds where the store would read, open and parse megabytes, and it is exactly as current: the log's writer changes it before it
/// acknowledges a commit. What is read in one call under the lock belongs to one revision.
/// <para>
/// It decides nothing and can be lost at any time: it is read from the store when it is first asked for and after whatever voids it. Every
/// commit that rests on it expects the revisions it gave, so a fault here costs a conflict and not a wrong placement.
/// </para>
/// </summary>
internal sealed class EcsMirror(DocumentLog documents) : DocumentObserver
{
    private const int PageSize = 500;
    /// <summary>A commit whose outcome is unknown may be in the store and never be announced: nobody waits for it longer than this.</summary>
    private static readonly TimeSpan AnnouncementLimit = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, ClusterMirror> _clusters = new(StringComparer.Ordinal);
    private readonly TextPool _texts = new();
    // Removed while the rest is being read, and when: a page that was read before must not bring them back.
    private readonly Dictionary<DocumentKey, long> _removed = [];
    private long _announced;
    private long _awaited;
    private TaskCompletionSource? _arrived;
    private int _epoch;
    private bool _ready;
    private Task? _load;

    /// <summary>Reads from one cluster as it is at one moment. <paramref name="read"/> must be quick, and take along only what never changes.</summary>
    public static ValueTask<T> ReadAsync<T>(DocumentLog documents, string scope, Func<ClusterMirror, T> read, CancellationToken stop)
    {
        var mirror = documents.Observer(static log => new EcsMirror(log));
        return mirror.TryRead(scope, read, out var result) ? ValueTask.FromResult(result) : mirror.LoadAndReadAsync(scope, read, stop);
    }

    /// <summary>A task as it was committed, with all that it has: from memory while it is kept whole there, else from the store.</summary>
    public static async ValueTask<Document<TaskDocument>?> TaskAsync(DocumentLog documents, string scope, string id, CancellationToken stop) =>
        await ReadAsync(documents, scope, cluster => cluster.Find(id), stop) is { Value.IsAbridged: false } whole
            ? whole : await documents.GetAsync(EcsKinds.EcsTask, scope, id, stop);

    /// <summary>As <see cref="ReadAsync"/>, from every cluster; the first argument is its scope.</summary>
    public static async ValueTask<IReadOnlyList<T>> ReadAllAsync<T>(
        DocumentLog documents, Func<string, ClusterMirror, IEnumerable<T>> read, CancellationToken stop)
    {
        var mirror = documents.Observer(static log => new EcsMirror(log));
        IReadOnlyList<T>? result;
        while ((result = mirror.TryReadAll(read)) is null)
        {
            await mirror.LoadedAsync(stop);
        }
        return result;
    }

    public override void Committed(IReadOnlyList<DocumentChange> changes)
    {
        lock (_gate)
        {
            foreach (var change in changes)
            {
                if (IsMirrored(change.Key.Kind))
                {
                    Apply(change);
                }
            }
            _announced = changes[^1].Revision;
            if (_announced >= _awaited)
            {
                _arrived?.TrySetResult();
            }
        }
    }

    public override void Voided()
    {
        lock (_gate)
        {
            _ready = false;
            _epoch++;
            _clusters.Clear();
        }
    }

    private static bool IsMirrored(string kind) => kind == EcsKinds.EcsTask.Name || kind == EcsKinds.Assignment.Name
        || kind == EcsKinds.Instance.Name || kind == EcsKinds.Service.Name;

    private ClusterMirror Cluster(string scope)
    {
        if (!_clusters.TryGetValue(scope, out var cluster))
        {
            _clusters[scope] = cluster = new ClusterMirror(_texts);
        }
        return cluster;
    }

    private void Apply(DocumentChange change)
    {
        var cluster = Cluster(change.Key.Scope);
        if (change.Deleted)
        {
            cluster.Remove(change.Key, change.Revision);
            if (!_ready)
            {
                _removed[change.Key] = change.Revision;
            }
            return;
        }
        // A page may have brought a later state than an announcement that is still on its way.
        if (cluster.RevisionOf(change.Key) > change.Revision)
        {
            return;
        }
        switch (change.Value)
        {
            case TaskDocument task:
                cluster.Put(new Document<TaskDocument>(change.Key, change.Revision, change.Revision, task));
                if (!_ready && task.IsStopped)
                {
                    _removed[change.Key] = change.Revision;
                }
                break;
            case AssignmentDocument assignment:
                cluster.Put(new Document<AssignmentDocument>(change.Key, change.Revision, change.Revision, assignment));
                break;
            case ContainerInstanceDocument instance:
                cluster.Put(new Document<ContainerInstanceDocument>(change.Key, change.Revision, change.Revision, instance));
                break;
            case ServiceDocument service:
                cluster.Put(new Document<ServiceDocument>(change.Key, change.Revision, change.Revision, service));
                break;
        }
    }

    // What is only half read would look like a cluster whose tasks are gone.
    private bool TryRead<T>(string scope, Func<ClusterMirror, T> read, [MaybeNullWhen(false)] out T result)
    {
        lock (_gate)
        {
            result = _ready ? read(_clusters.GetValueOrDefault(scope) ?? new ClusterMirror(_texts)) : default;
            return _ready;
        }
    }

    private IReadOnlyList<T>? TryReadAll<T>(Func<string, ClusterMirror, IEnumerable<T>> read)
    {
        lock (_gate)
        {
            return _ready ? [.. _clusters.SelectMany(c => read(c.Key, c.Value))] : null;
        }
    }

    private async ValueTask<T> LoadAndReadAsync<T>(string scope, Func<ClusterMirror, T> read, CancellationToken stop)
    {
        T? result;
        while (!TryRead(scope, read, out result))
        {
            await LoadedAsync(stop);
        }
        return result;
    }

    private async Task LoadedAsync(CancellationToken stop)
    {
        Task load;
        lock (_gate)
        {
            load = _load ??= Task.Run(LoadAsync, CancellationToken.None);
        }
        await load.WaitAsync(stop);
    }

    // One for all who wait, so nobody's cancellation ends it.
    private async Task LoadAsync()
    {
        try
        {
            await TryLoadAsync(CancellationToken.None);
        }
        finally
        {
            lock (_gate)
            {
                _load = null;
            }
        }
    }

    private async ValueTask TryLoadAsync(CancellationToken stop)
    {
        int epoch;
        lock (_gate)
        {
            epoch = _epoch;
            // What was announced before this moment is in the store.
            _clusters.Clear();
            _removed.Clear();
            _announced = Math.Max(_announced, documents.Revision);
        }
        long newest = 0;
        foreach (var cluster in await documents.ListAllAsync(EcsKinds.Cluster, stop))
        {
            var scope = $"{cluster.Key.Scope}/{cluster.Key.Name}";
            await PagesAsync((after, limit) => documents.ListAsync(EcsKinds.Service, scope, stop, afterName: after, limit: limit), (c, d) => c.Put(d));
            await PagesAsync((after, limit) => documents.ListAsync(EcsKinds.Instance, scope, stop, afterName: after, limit: limit), (c, d) => c.Put(d));
            await PagesAsync((after, limit) => documents.ListAsync(EcsKinds.Assignment, scope, stop, afterName: after, limit: limit), (c, d) => c.Put(d));
            foreach (var (index, value) in new[] { (EcsKinds.ByStatus, Rules.TaskStatus.Running), (EcsKinds.Open, EcsKinds.Yes) })
            {
                await PagesAsync(
                    (after, limit) => documents.ListByIndexAsync(EcsKinds.EcsTask, scope, index, value, stop, after, limit), (c, d) => c.Put(d));
            }

            async ValueTask PagesAsync<T>(Func<string?, int, ValueTask<IReadOnlyList<Document<T>>>> read, Action<ClusterMirror, Document<T>> put)
                where T : class
            {
                string? after = null;
                IReadOnlyList<Document<T>> page;
                do
                {
                    page = await read(after, PageSize);
                    lock (_gate)
                    {
                        var kept = Cluster(scope);
                        foreach (var document in page.Where(d => d.Revision > kept.RevisionOf(d.Key) && d.Revision > _removed.GetValueOrDefault(d.Key)))
                        {
                            put(kept, document);
                        }
                    }
                    newest = page.Count == 0 ? newest : Math.Max(newest, page.Max(d => d.Revision));
                    after = page.Count == 0 ? null : page[^1].Key.Name;
                }
                while (page.Count == PageSize);
            }
        }
        await AnnouncedAsync(newest, stop);
        lock (_gate)
        {
            _removed.Clear();
            _ready = epoch == _epoch;
        }
    }

    // A page may hold one document of a commit whose other documents were read before it was made: they come with its announcement.
    private async ValueTask AnnouncedAsync(long revision, CancellationToken stop)
    {
        TaskCompletionSource arrived;
        lock (_gate)
        {
            if (_announced >= revision)
            {
                return;
            }
            _awaited = revision;
            _arrived = arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        try
        {
            await arrived.Task.WaitAsync(AnnouncementLimit, stop);
        }
        catch (TimeoutException)
        {
            // The unknown commit is in the store, and so are all that it rests on.
        }
    }
}
