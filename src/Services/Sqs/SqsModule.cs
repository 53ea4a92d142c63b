using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Kernel;
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
        MapQueue(SqsOperations.AddPermission, AddPermission.HandleAsync);
        MapQueue(SqsOperations.CancelMessageMoveTask, CancelMessageMoveTask.HandleAsync);
        MapQueue(SqsOperations.CreateQueue, CreateQueue.HandleAsync);
        MapQueue(SqsOperations.DeleteQueue, DeleteQueue.HandleAsync);
        MapQueue(SqsOperations.GetQueueAttributes, GetQueueAttributes.HandleAsync);
        MapQueue(SqsOperations.GetQueueUrl, GetQueueUrl.HandleAsync);
        MapQueue(SqsOperations.ListDeadLetterSourceQueues, ListDeadLetterSourceQueues.HandleAsync);
        MapQueue(SqsOperations.ListMessageMoveTasks, ListMessageMoveTasks.HandleAsync);
        MapQueue(SqsOperations.ListQueues, ListQueues.HandleAsync);
        MapQueue(SqsOperations.ListQueueTags, ListQueueTags.HandleAsync);
        MapQueue(SqsOperations.PurgeQueue, PurgeQueue.HandleAsync);
        MapQueue(SqsOperations.RemovePermission, RemovePermission.HandleAsync);
        MapQueue(SqsOperations.SetQueueAttributes, SetQueueAttributes.HandleAsync);
        MapQueue(SqsOperations.StartMessageMoveTask, StartMessageMoveTask.HandleAsync);
        MapQueue(SqsOperations.TagQueue, TagQueue.HandleAsync);
        MapQueue(SqsOperations.UntagQueue, UntagQueue.HandleAsync);
    }

    private void MapMessages()
    {
        MapQueue(SqsOperations.ChangeMessageVisibility, ChangeMessageVisibility.HandleAsync);
        MapQueue(SqsOperations.ChangeMessageVisibilityBatch, ChangeMessageVisibilityBatch.HandleAsync);
        MapQueue(SqsOperations.DeleteMessage, DeleteMessage.HandleAsync);
        MapQueue(SqsOperations.DeleteMessageBatch, DeleteMessageBatch.HandleAsync);
        MapQueue(SqsOperations.ReceiveMessage, ReceiveMessage.HandleAsync);
        MapQueue(SqsOperations.SendMessage, SendMessage.HandleAsync);
        MapQueue(SqsOperations.SendMessageBatch, SendMessageBatch.HandleAsync);
    }

    /// <summary>Every operation may meet a queue that is being deleted, or a disk that refuses.</summary>
    private void MapQueue<TRequest, TResponse>(
        Operation<TRequest, TResponse> operation, Func<SqsContext, TRequest, CancellationToken, ValueTask<TResponse>> handler)
        where TRequest : Shape, new()
        where TResponse : Shape, new() => Map(operation, Guarded(handler));

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
