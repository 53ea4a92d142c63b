using Longspan.Services.Ecs.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Mirror;

/// <summary>
/// Task definitions that were asked for lately: each task that is placed or sent to its node asks for one, and thousands of tasks have the
/// same. As current as the log: what is committed for one forgets it before the commit is acknowledged.
/// </summary>
internal sealed class DefinitionCache(DocumentLog documents) : DocumentObserver
{
    /// <summary>More kept definitions than this, and the cache starts over.</summary>
    public const int MaximumKept = 1000;
    private readonly Lock _gate = new();
    private readonly Dictionary<DocumentKey, Document<TaskDefinitionDocument>> _kept = [];
    private long _changes;

    public static ValueTask<Document<TaskDefinitionDocument>?> GetAsync(
        DocumentLog documents, string scope, string family, int revision, CancellationToken stop) =>
        documents.Observer(static log => new DefinitionCache(log)).GetAsync(scope, TaskDefinitionDocument.NameOf(family, revision), stop);

    public override void Committed(IReadOnlyList<DocumentChange> changes)
    {
        lock (_gate)
        {
            foreach (var change in changes)
            {
                if (change.Key.Kind == EcsKinds.TaskDefinition.Name)
                {
                    _kept.Remove(change.Key);
                    _changes++;
                }
            }
        }
    }

    public override void Voided()
    {
        lock (_gate)
        {
            _kept.Clear();
            _changes++;
        }
    }

    private async ValueTask<Document<TaskDefinitionDocument>?> GetAsync(string scope, string name, CancellationToken stop)
    {
        var key = new DocumentKey(EcsKinds.TaskDefinition.Name, scope, name);
        long changes;
        lock (_gate)
        {
            if (_kept.TryGetValue(key, out var kept))
            {
                return kept;
            }
            changes = _changes;
        }
        var read = await documents.GetAsync(EcsKinds.TaskDefinition, scope, name, stop);
        lock (_gate)
        {
            // What was committed since may be about it.
            if (read is not null && changes == _changes)
            {
                if (_kept.Count >= MaximumKept)
                {
                    _kept.Clear();
                }
                _kept[key] = read;
            }
        }
        return read;
    }
}
