using Longspan.Api.LongspanQueues;
using Longspan.Kernel;
using Longspan.Services.Sqs.Operations;

namespace Longspan.Services.Sqs;

/// <summary>
/// What people on call want of a queue and SQS does not offer: to look without receiving. Operations of our own, under a target prefix of
/// our own, so that nothing AWS's is claimed for them; signed for <c>sqs</c> and authorized as <c>sqs:PeekMessages</c> and
/// <c>sqs:WatchMessages</c> on the queue. Their model, <c>models/longspan-queues</c>, is written by hand.
/// </summary>
public sealed class LongspanQueuesModule : ServiceModule<SqsContext>
{
    private readonly SqsModule _sqs;

    public LongspanQueuesModule(SqsModule sqs)
        : base(LongspanQueuesOperations.Service)
    {
        _sqs = sqs;
        Map(LongspanQueuesOperations.PeekMessages, SqsModule.Guarded<PeekMessagesRequest, PeekMessagesResult>(PeekMessages.HandleAsync),
            (cx, request, _) => ValueTask.FromResult(SqsAccess.Queue(cx, "sqs:PeekMessages", request.QueueUrl)));
        Map(LongspanQueuesOperations.WatchMessages, SqsModule.Guarded<WatchMessagesRequest, WatchMessagesResult>(WatchMessages.HandleAsync),
            (cx, request, _) => ValueTask.FromResult(SqsAccess.Queue(cx, "sqs:WatchMessages", request.QueueUrl)));
    }

    protected override SqsContext NewContext(CallContext call) => _sqs.ContextOf(call);
}
