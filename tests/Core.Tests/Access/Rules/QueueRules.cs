namespace Longspan.Core.Tests.Access.Rules;

internal static class QueueRules
{
    private const string Dead = "arn:aws:sqs:lab-1:123456789012:dead";
    private static readonly string[] s_moving = ["sqs:ReceiveMessage dead", "sqs:DeleteMessage dead", "sqs:GetQueueAttributes dead"];
    private static readonly string s_handle = Services.Sqs.Operations.MoveTaskRules.Handle("1", Dead);

    public static readonly Rule[] Sqs =
    [
        .. OnQueue(
            "AddPermission", "ChangeMessageVisibility", "DeleteMessage", "DeleteQueue", "GetQueueAttributes", "ListDeadLetterSourceQueues", "ListQueueTags",
            "PurgeQueue", "ReceiveMessage", "RemovePermission", "SendMessage", "SetQueueAttributes"),
        new("SendMessageBatch", new { QueueUrl = "http://any.host/123456789012/orders" }, "sqs:SendMessage orders"),
        new("DeleteMessageBatch", new { QueueUrl = "orders" }, "sqs:DeleteMessage orders"),
        new("ChangeMessageVisibilityBatch", new { QueueUrl = "orders" }, "sqs:ChangeMessageVisibility orders"),
        new("SendMessage", new { QueueUrl = "http://any.host/999999999999/orders" }, "sqs:SendMessage arn:aws:sqs:lab-1:999999999999:orders"),
        new("CreateQueue", new { QueueName = "orders" }, "sqs:CreateQueue orders"),
        new("CreateQueue", new { QueueName = "orders", Tags = new Dictionary<string, string> { ["team"] = "a" } },
            "sqs:CreateQueue orders +team=a", "sqs:TagQueue orders +team=a"),
        new("GetQueueUrl", new { QueueName = "orders" }, "sqs:GetQueueUrl orders"),
        new("GetQueueUrl", new { QueueName = "orders", QueueOwnerAWSAccountId = "999999999999" }, "sqs:GetQueueUrl arn:aws:sqs:lab-1:999999999999:orders"),
        new("ListQueues", new { }, "sqs:ListQueues *"),
        new("TagQueue", new { QueueUrl = "orders", Tags = new Dictionary<string, string> { ["team"] = "a" } }, "sqs:TagQueue orders +team=a"),
        new("UntagQueue", new { QueueUrl = "orders", TagKeys = new[] { "team", "stage" } }, "sqs:UntagQueue orders aws:TagKeys=team|stage"),
        new("StartMessageMoveTask", new { SourceArn = Dead, DestinationArn = "arn:aws:sqs:lab-1:123456789012:orders" },
            ["sqs:StartMessageMoveTask dead", .. s_moving, "sqs:SendMessage orders"]),
        new("ListMessageMoveTasks", new { SourceArn = Dead }, ["sqs:ListMessageMoveTasks dead", .. s_moving]),
        new("CancelMessageMoveTask", new { TaskHandle = s_handle }, ["sqs:CancelMessageMoveTask dead", .. s_moving]),
    ];

    public static readonly Rule[] LongspanQueues = [.. OnQueue("PeekMessages", "WatchMessages")];

    private static readonly Dictionary<string, string> s_tags = new() { ["team"] = "a" };

    public static readonly Rule[] Logs =
    [
        .. new[] { "DeleteLogGroup", "DeleteRetentionPolicy", "DescribeLogStreams", "FilterLogEvents", "PutRetentionPolicy" }.Select(
            name => new Rule(name, new { LogGroupName = "/orders/api" }, $"logs:{name} log-group:/orders/api:log-stream:")),
        .. new[] { "CreateLogStream", "DeleteLogStream", "GetLogEvents", "PutLogEvents" }.Select(
            name => new Rule(name, new { LogGroupName = "/orders/api", LogStreamName = "one" }, $"logs:{name} log-group:/orders/api:log-stream:one")),
        new("FilterLogEvents", new { LogGroupIdentifier = "arn:aws:logs:lab-1:123456789012:log-group:/orders/api:*" },
            "logs:FilterLogEvents log-group:/orders/api:log-stream:"),
        new("CreateLogGroup", new { LogGroupName = "/orders/api" }, "logs:CreateLogGroup log-group:/orders/api:log-stream:"),
        new("CreateLogGroup", new { LogGroupName = "/orders/api", Tags = s_tags },
            "logs:CreateLogGroup log-group:/orders/api:log-stream: +team=a", "logs:TagResource log-group:/orders/api +team=a"),
        new("DescribeLogGroups", new { }, "logs:DescribeLogGroups log-group::log-stream:"),
        new("DescribeLogGroups", new { LogGroupNamePrefix = "/orders" }, "logs:DescribeLogGroups log-group:/orders:log-stream:"),
        new("DescribeLogGroups", new { LogGroupIdentifiers = new[] { "a", "b" } },
            "logs:DescribeLogGroups log-group:a:log-stream:", "logs:DescribeLogGroups log-group:b:log-stream:"),
        new("ListTagsForResource", new { ResourceArn = "arn:aws:logs:lab-1:123456789012:log-group:g" }, "logs:ListTagsForResource log-group:g"),
        new("TagResource", new { ResourceArn = "arn:aws:logs:lab-1:123456789012:log-group:g", Tags = s_tags }, "logs:TagResource log-group:g +team=a"),
        new("UntagResource", new { ResourceArn = "arn:aws:logs:lab-1:123456789012:log-group:g", TagKeys = new[] { "team" } },
            "logs:UntagResource log-group:g aws:TagKeys=team"),
    ];

    public static readonly Rule[] CloudTrail = [new("LookupEvents", new { }, "cloudtrail:LookupEvents *")];

    private static IEnumerable<Rule> OnQueue(params string[] names) =>
        names.Select(name => new Rule(name, new { QueueUrl = "orders" }, $"sqs:{name} orders"));
}
