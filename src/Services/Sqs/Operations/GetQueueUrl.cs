using Longspan.Api.Sqs;

namespace Longspan.Services.Sqs.Operations;

internal static class GetQueueUrl
{
    public static ValueTask<GetQueueUrlResult> HandleAsync(SqsContext cx, GetQueueUrlRequest request, CancellationToken stop)
    {
        if (string.IsNullOrEmpty(request.QueueName))
        {
            throw SqsFaults.MissingParameter("QueueName");
        }
        var account = request.QueueOwnerAWSAccountId ?? cx.Call.AccountId;
        var queue = cx.Queues.Find($"{account}/{cx.Call.Region}", request.QueueName) ?? throw SqsFaults.NoSuchQueue();
        return ValueTask.FromResult(new GetQueueUrlResult { QueueUrl = cx.UrlOf(queue) });
    }
}
