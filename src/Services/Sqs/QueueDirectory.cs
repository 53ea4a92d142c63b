using System.Collections.Concurrent;
using System.Security.Cryptography;
using Longspan.Api.Sqs;
using Longspan.Kernel;
using Longspan.Services.Sqs.Documents;
using Longspan.Store.Documents;
using Longspan.Store.Messages;

namespace Longspan.Services.Sqs;

/// <summary>
/// All queue definitions in memory, so that a send or a receive reads no document. The document log stays the truth: every change is
/// committed there first, then told to the message store, then shown here. Changes are made one at a time; readers take no lock.
/// One server process owns a data folder, so nobody else changes queues.
/// </summary>
public sealed class QueueDirectory(MessageBackend messages) : IDisposable
{
    /// <summary>AWS's rule: a deleted queue's name is free again after this.</summary>
    private static readonly TimeSpan NameRest = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<(string Scope, string Name), QueueSnapshot> _queues = new();
    private readonly ConcurrentDictionary<(string Scope, string Name), DateTimeOffset> _deleted = new();
    private readonly ConcurrentDictionary<long, DateTimeOffset> _purged = new();
    private readonly SemaphoreSlim _changing = new(1, 1);

    public QueueSnapshot? Find(string scope, string name) => _queues.GetValueOrDefault((scope, name));

    public QueueSnapshot? Find(Arn arn) => arn.Service == "sqs" ? Find($"{arn.AccountId}/{arn.Region}", arn.Resource) : null;

    /// <summary>Queues of one scope in name order.</summary>
    public IEnumerable<QueueSnapshot> List(string scope) =>
        _queues.Values.Where(q => q.Scope == scope).OrderBy(q => q.Name, StringComparer.Ordinal);

    /// <summary>Queues that name this one as their dead-letter queue.</summary>
    public IEnumerable<QueueSnapshot> SourcesOf(QueueSnapshot deadLetters) => SourcesOf(deadLetters.Arn);

    public async ValueTask LoadAsync(DocumentLog documents, CancellationToken stop)
    {
        var all = await documents.ListAllAsync(QueueDocument.Kind, stop);
        foreach (var document in all)
        {
            Show(new QueueSnapshot(document));
        }
        await messages.RetainOnlyAsync(all.Select(d => d.Value.Id).ToHashSet(), stop);
        foreach (var queue in _queues.Values)
        {
            await ConfigureAsync(queue, stop);
        }
    }

    /// <summary>Creates the queue unless its name is taken; tells which of the two it was.</summary>
    public async ValueTask<(QueueSnapshot Queue, bool Created)> CreateAsync(
        CallContext call, string name, IReadOnlyDictionary<string, string> attributes, IReadOnlyDictionary<string, string> tags, CancellationToken stop)
    {
        await _changing.WaitAsync(stop);
        try
        {
            if (Find(call.Scope, name) is { } existing)
            {
                return (existing, false);
            }
            CheckNameIsFree(call, name);
            var now = call.Now.ToUnixTimeSeconds();
            var value = new QueueDocument(NewId(), attributes, tags, now, now);
            var result = await call.Cloud.Documents.CommitAsync(new Commit().Create(QueueDocument.Kind, call.Scope, name, value), stop);
            if (!result.Committed)
            {
                // An earlier call got as far as the log and no further, because a disk refused.
                return (await CatchUpAsync(call, name, stop) ?? throw SqsFaults.Unavailable(), false);
            }
            var queue = new QueueSnapshot(new Document<QueueDocument>(
                new DocumentKey(QueueDocument.Kind.Name, call.Scope, name), result.Revision, result.Revision, value));
            await ConfigureAsync(queue, stop);
            Show(queue);
            await ConfigureSourcesAsync(queue.Arn, stop);
            return (queue, true);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Replaces a queue's definition by what <paramref name="change"/> makes of its newest one.</summary>
    public async ValueTask UpdateAsync(CallContext call, QueueSnapshot queue, Func<QueueDocument, QueueDocument> change, CancellationToken stop)
    {
        await _changing.WaitAsync(stop);
        try
        {
            var current = Find(queue.Scope, queue.Name);
            if (current is null || current.Id != queue.Id)
            {
                throw SqsFaults.NoSuchQueue();
            }
            var value = change(current.Document.Value);
            var result = await call.Cloud.Documents.CommitAsync(new Commit().Update(QueueDocument.Kind, current.Document, value), stop);
            if (!result.Committed && await CatchUpAsync(call, queue.Name, stop) is { } newest && newest.Id == queue.Id)
            {
                current = newest;
                value = change(current.Document.Value);
                result = await call.Cloud.Documents.CommitAsync(new Commit().Update(QueueDocument.Kind, current.Document, value), stop);
            }
            if (!result.Committed)
            {
                throw SqsFaults.Unavailable();
            }
            var changed = new QueueSnapshot(current.Document with { Revision = result.Revision, Value = value });
            await ConfigureAsync(changed, stop);
            Show(changed);
        }
        finally
        {
            _changing.Release();
        }
    }

    public async ValueTask DeleteAsync(CallContext call, QueueSnapshot queue, CancellationToken stop)
    {
        await _changing.WaitAsync(stop);
        try
        {
            if (Find(queue.Scope, queue.Name) is not { } current || current.Id != queue.Id)
            {
                throw SqsFaults.NoSuchQueue();
            }
            var result = await call.Cloud.Documents.CommitAsync(new Commit().Delete(current.Document), stop);
            if (!result.Committed)
            {
                throw SqsFaults.Unavailable();
            }
            _queues.TryRemove((queue.Scope, queue.Name), out _);
            _deleted[(queue.Scope, queue.Name)] = call.Now;
            _purged.TryRemove(queue.Id, out _);
            // From here on the definition is gone for good; messages that a crash leaves behind go at the next start.
            await messages.DropAsync(queue.Id, CancellationToken.None);
            await ConfigureSourcesAsync(queue.Arn, CancellationToken.None);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Claims the right to purge; false when somebody did within the last minute.</summary>
    public bool TryBeginPurge(QueueSnapshot queue, DateTimeOffset now)
    {
        lock (_purged)
        {
            if (_purged.TryGetValue(queue.Id, out var last) && now - last < NameRest)
            {
                return false;
            }
            _purged[queue.Id] = now;
            return true;
        }
    }

    /// <summary>Everything is gone; the document log has been emptied already.</summary>
    public async ValueTask ResetAsync(CancellationToken stop)
    {
        await _changing.WaitAsync(stop);
        try
        {
            _queues.Clear();
            _deleted.Clear();
            _purged.Clear();
            await messages.ResetAsync(stop);
        }
        finally
        {
            _changing.Release();
        }
    }

    public void Dispose() => _changing.Dispose();

    private void CheckNameIsFree(CallContext call, string name)
    {
        foreach (var (key, at) in _deleted)
        {
            if (call.Now - at >= NameRest)
            {
                _deleted.TryRemove(key, out _);
            }
        }
        if (_deleted.ContainsKey((call.Scope, name)))
        {
            throw new QueueDeletedRecently("You must wait 60 seconds after deleting a queue before you can create another with the same name.");
        }
    }

    /// <summary>The queue as the log has it, put into force and shown; null when it has none.</summary>
    private async ValueTask<QueueSnapshot?> CatchUpAsync(CallContext call, string name, CancellationToken stop)
    {
        if (await call.Cloud.Documents.GetAsync(QueueDocument.Kind, call.Scope, name, stop) is not { } document)
        {
            return null;
        }
        var queue = new QueueSnapshot(document);
        await ConfigureAsync(queue, stop);
        Show(queue);
        await ConfigureSourcesAsync(queue.Arn, stop);
        return queue;
    }

    private void Show(QueueSnapshot queue) => _queues[(queue.Scope, queue.Name)] = queue;

    private ValueTask ConfigureAsync(QueueSnapshot queue, CancellationToken stop) =>
        messages.OpenAsync(queue.Id, queue.ToSettings(queue.Redrive is { } redrive ? Find(redrive.DeadLetterTarget) : null), stop);

    private async ValueTask ConfigureSourcesAsync(Arn deadLetters, CancellationToken stop)
    {
        foreach (var source in SourcesOf(deadLetters).ToList())
        {
            await ConfigureAsync(source, stop);
        }
    }

    private IEnumerable<QueueSnapshot> SourcesOf(Arn deadLetters) =>
        _queues.Values.Where(q => q.Redrive?.DeadLetterTarget == deadLetters).OrderBy(q => q.Name, StringComparer.Ordinal);

    private static long NewId()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return BitConverter.ToInt64(bytes) & long.MaxValue;
    }
}
