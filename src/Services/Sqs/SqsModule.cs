using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Services.Sqs.Operations;
using Longspan.Services.Sqs.Sealing;
using Longspan.Store.Documents;
using Longspan.Store.Messages;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Longspan.Services.Sqs;

/// <summary>Simple Queue Service. Queue definitions are documents; messages are in the message store.</summary>
public sealed class SqsModule : ServiceModule<SqsContext>, IDisposable
{
    private readonly DocumentLog _documents;
    private readonly MessageBackend _messages;
    private readonly ReceiptHandles _handles;
    private readonly QueueDirectory _queues;
    private readonly MoveTasks _moves;
    private readonly MessageKeys _keys;

    /// <param name="messages">Owned from here on: closed with the module.</param>
    /// <param name="digestKey">Keys the digests of deduplication ids, which the store keeps in clear. Another key forgets five minutes of them.</param>
    public SqsModule(
        DocumentLog documents, MessageBackend messages, ReceiptHandles handles, byte[] digestKey, TimeProvider clock, ILoggerFactory? log = null)
        : base(SqsOperations.Service)
    {
        _documents = documents;
        _messages = messages;
        _handles = handles;
        _queues = new QueueDirectory(messages);
        _moves = new MoveTasks(documents, messages, _queues, clock);
        _keys = new MessageKeys(documents, digestKey, clock, (log ?? NullLoggerFactory.Instance).CreateLogger<MessageKeys>());
        MapQueues();
        MapMessages();
    }

    /// <summary>For tests: the store below the operations.</summary>
    internal MessageBackend Messages => _messages;

    public override async ValueTask StartAsync(CancellationToken stop)
    {
        await _keys.LoadAsync(stop);
        await _queues.LoadAsync(_documents, stop);
        await _moves.ResumeAsync(stop);
    }

    public override async ValueTask StopAsync()
    {
        await _moves.StopAsync();
        await _messages.DisposeAsync();
        Dispose();
    }

    public override async ValueTask ResetAsync(CancellationToken stop)
    {
        await _moves.ResetAsync();
        await _keys.ResetAsync(stop);
        await _queues.ResetAsync(stop);
    }

    public void Dispose()
    {
        _handles.Dispose();
        _keys.Dispose();
        _queues.Dispose();
    }

    protected override SqsContext NewContext(CallContext call) => ContextOf(call);

    internal SqsContext ContextOf(CallContext call) => new(call, _queues, _messages, _handles, _moves, _keys);

    private void MapQueues()
    {
        MapQueue(SqsOperations.AddPermission, AddPermission.HandleAsync, r => r.QueueUrl);
        MapQueue(SqsOperations.CancelMessageMoveTask, CancelMessageMoveTask.HandleAsync, SqsAccess.CancelMove);
        MapQueue(SqsOperations.CreateQueue, CreateQueue.HandleAsync, SqsAccess.Create);
        MapQueue(SqsOperations.DeleteQueue, DeleteQueue.HandleAsync, r => r.QueueUrl);
        MapQueue(SqsOperations.GetQueueAttributes, GetQueueAttributes.HandleAsync, r => r.QueueUrl);
        MapQueue(SqsOperations.GetQueueUrl, GetQueueUrl.HandleAsync, SqsAccess.Named);
        MapQueue(SqsOperations.ListDeadLetterSourceQueues, ListDeadLetterSourceQueues.HandleAsync, r => r.QueueUrl);
        MapQueue(SqsOperations.ListMessageMoveTasks, ListMessageMoveTasks.HandleAsync, SqsAccess.ListMoves);
        MapQueue(SqsOperations.ListQueues, ListQueues.HandleAsync, (_, _) => [new AccessDemand("sqs:ListQueues", "*")]);
        MapQueue(SqsOperations.ListQueueTags, ListQueueTags.HandleAsync, r => r.QueueUrl);
        MapQueue(SqsOperations.PurgeQueue, PurgeQueue.HandleAsync, r => r.QueueUrl);
        MapQueue(SqsOperations.RemovePermission, RemovePermission.HandleAsync, r => r.QueueUrl);
        MapQueue(SqsOperations.SetQueueAttributes, SetQueueAttributes.HandleAsync, r => r.QueueUrl);
        MapQueue(SqsOperations.StartMessageMoveTask, StartMessageMoveTask.HandleAsync, SqsAccess.StartMove);
        MapQueue(SqsOperations.TagQueue, TagQueue.HandleAsync, SqsAccess.Tag);
        MapQueue(SqsOperations.UntagQueue, UntagQueue.HandleAsync, SqsAccess.Untag);
    }

    private void MapMessages()
    {
        MapQueue(SqsOperations.ChangeMessageVisibility, ChangeMessageVisibility.HandleAsync, r => r.QueueUrl);
        MapQueue(SqsOperations.ChangeMessageVisibilityBatch, ChangeMessageVisibilityBatch.HandleAsync, r => r.QueueUrl, "sqs:ChangeMessageVisibility");
        MapQueue(SqsOperations.DeleteMessage, DeleteMessage.HandleAsync, r => r.QueueUrl);
        MapQueue(SqsOperations.DeleteMessageBatch, DeleteMessageBatch.HandleAsync, r => r.QueueUrl, "sqs:DeleteMessage");
        MapQueue(SqsOperations.ReceiveMessage, ReceiveMessage.HandleAsync, r => r.QueueUrl);
        MapQueue(SqsOperations.SendMessage, SendMessage.HandleAsync, r => r.QueueUrl);
        MapQueue(SqsOperations.SendMessageBatch, SendMessageBatch.HandleAsync, r => r.QueueUrl, "sqs:SendMessage");
    }

    /// <summary>An operation on the queue that a URL names.</summary>
    /// <param name="action">When it is not the operation's own: calls for a batch are authorized as those for a single message.</param>
    private void MapQueue<TRequest, TResponse>(
        Operation<TRequest, TResponse> operation, Func<SqsContext, TRequest, CancellationToken, ValueTask<TResponse>> handler,
        Func<TRequest, string?> url, string? action = null)
        where TRequest : Shape, new()
        where TResponse : Shape, new()
    {
        action ??= $"sqs:{operation.Name}";
        MapQueue(operation, handler, (cx, request) => SqsAccess.Queue(cx, action, url(request)));
    }

    /// <summary>Every operation may meet a queue that is being deleted, or a disk that refuses.</summary>
    private void MapQueue<TRequest, TResponse>(
        Operation<TRequest, TResponse> operation, Func<SqsContext, TRequest, CancellationToken, ValueTask<TResponse>> handler,
        Func<SqsContext, TRequest, IReadOnlyList<AccessDemand>> access)
        where TRequest : Shape, new()
        where TResponse : Shape, new() => Map(operation, Guarded(handler), (cx, request, _) => ValueTask.FromResult(access(cx, request)));

    internal static Func<SqsContext, TRequest, CancellationToken, ValueTask<TResponse>> Guarded<TRequest, TResponse>(
        Func<SqsContext, TRequest, CancellationToken, ValueTask<TResponse>> handler) =>
        async (cx, request, stop) =>
        {
            try
            {
                return await handler(cx, request, stop);
            }
            catch (QueueGoneException)
            {
                throw SqsFaults.NoSuchQueue();
            }
            catch (MessageStoreFullException)
            {
                throw SqsFaults.Throttled();
            }
            catch (MessageStoreUnavailableException)
            {
                throw SqsFaults.Unavailable();
            }
        };
}
