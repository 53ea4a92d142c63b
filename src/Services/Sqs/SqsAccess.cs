using Longspan.Api.Sqs;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Services.Sqs.Operations;
using Longspan.Services.Sqs.Rules;

namespace Longspan.Services.Sqs;

/// <summary>
/// What SQS's operations ask of the policies. Nearly all of them are about one queue, which a URL names; the question about a queue that
/// exists is made once and kept with its definition, because sends and receives ask it all the time.
/// </summary>
internal static class SqsAccess
{
    /// <summary>What moving messages does, and therefore needs, beside the operation's own action.</summary>
    private static readonly string[] s_moving = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];

    public static IReadOnlyList<AccessDemand> Queue(SqsContext cx, string action, string? url)
    {
        var (account, name) = QueueName.FromUrl(url, cx.Call.AccountId);
        return cx.Queues.Find(account == cx.Call.AccountId ? cx.Call.Scope : $"{account}/{cx.Call.Region}", name) is { } queue
            ? queue.Demands(action)
            : [new AccessDemand(action, new Arn("sqs", cx.Call.Region, account, name).ToString())];
    }

    public static IReadOnlyList<AccessDemand> Named(SqsContext cx, GetQueueUrlRequest request)
    {
        var account = request.QueueOwnerAWSAccountId ?? cx.Call.AccountId;
        return ByArn(cx, "sqs:GetQueueUrl", new Arn("sqs", cx.Call.Region, account, request.QueueName ?? "").ToString());
    }

    public static IReadOnlyList<AccessDemand> Create(SqsContext cx, CreateQueueRequest request)
    {
        var arn = cx.Call.Arn("sqs", request.QueueName ?? "").ToString();
        var tags = AccessRules.Tags(request.Tags, t => t.Key, t => t.Value);
        var create = new AccessDemand("sqs:CreateQueue", arn) { RequestTags = tags };
        return tags is null ? [create] : [create, create with { Action = "sqs:TagQueue" }];
    }

    public static IReadOnlyList<AccessDemand> Tag(SqsContext cx, TagQueueRequest request) =>
        [.. Queue(cx, "sqs:TagQueue", request.QueueUrl).Select(d => d with { RequestTags = AccessRules.Tags(request.Tags, t => t.Key, t => t.Value) })];

    public static IReadOnlyList<AccessDemand> Untag(SqsContext cx, UntagQueueRequest request) =>
        [.. Queue(cx, "sqs:UntagQueue", request.QueueUrl).Select(d => d with { Keys = AccessRules.TagKeys(request.TagKeys) })];

    public static IReadOnlyList<AccessDemand> StartMove(SqsContext cx, StartMessageMoveTaskRequest request)
    {
        IEnumerable<AccessDemand> targets = request.DestinationArn is { Length: > 0 } destination
            ? ByArn(cx, "sqs:SendMessage", destination)
            : Arn.TryParse(request.SourceArn, out var arn) && cx.Queues.Find(arn) is { } source
                // Messages go back to where they came from, so it may be any of these.
                ? cx.Queues.SourcesOf(source).SelectMany(q => q.Demands("sqs:SendMessage"))
                : [];
        return [.. Moving(cx, "sqs:StartMessageMoveTask", request.SourceArn), .. targets];
    }

    public static IReadOnlyList<AccessDemand> ListMoves(SqsContext cx, ListMessageMoveTasksRequest request) =>
        Moving(cx, "sqs:ListMessageMoveTasks", request.SourceArn);

    public static IReadOnlyList<AccessDemand> CancelMove(SqsContext cx, CancelMessageMoveTaskRequest request) =>
        Moving(cx, "sqs:CancelMessageMoveTask", request.TaskHandle is null ? null : MoveTaskRules.Open(request.TaskHandle)?.SourceArn);

    private static IReadOnlyList<AccessDemand> Moving(SqsContext cx, string action, string? source) =>
        [.. s_moving.Prepend(action).SelectMany(a => ByArn(cx, a, source))];

    /// <summary>What is no ARN of a queue asks for the action on everything: the operation will refuse it, to those who may know.</summary>
    private static IReadOnlyList<AccessDemand> ByArn(SqsContext cx, string action, string? text) =>
        !Arn.TryParse(text, out var arn) || arn.Service != "sqs" ? [new AccessDemand(action, "*")]
        : cx.Queues.Find(arn) is { } queue ? queue.Demands(action)
        : [new AccessDemand(action, arn.ToString())];
}
