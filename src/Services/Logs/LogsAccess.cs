using Longspan.Api.Logs;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Services.Logs.Documents;
using Longspan.Services.Logs.Rules;

namespace Longspan.Services.Logs;

/// <summary>
/// What the operations of CloudWatch Logs ask of the policies. AWS asks about a group as about its stream without a name, which is why
/// policies name groups with <c>:*</c> behind; only the tagging operations take the group's bare ARN.
/// </summary>
internal static class LogsAccess
{
    public static async ValueTask<AccessDemand> GroupAsync(LogsContext cx, string action, string? group, CancellationToken stop) =>
        new(action, $"{Names.ArnOfGroup(cx.Call, group ?? "")}:log-stream:") { ResourceTags = await TagsAsync(cx, group, stop) };

    /// <summary>For operations that take a group's name or, instead, its name or ARN.</summary>
    public static ValueTask<AccessDemand> GroupAsync(LogsContext cx, string action, string? group, string? identifier, CancellationToken stop) =>
        GroupAsync(cx, action, NameOf(cx, group, identifier), stop);

    public static async ValueTask<AccessDemand> StreamAsync(LogsContext cx, string action, string? group, string? stream, CancellationToken stop) =>
        new(action, $"{Names.ArnOfGroup(cx.Call, group ?? "")}:log-stream:{stream}") { ResourceTags = await TagsAsync(cx, group, stop) };

    public static ValueTask<AccessDemand> StreamAsync(
        LogsContext cx, string action, string? group, string? identifier, string? stream, CancellationToken stop) =>
        StreamAsync(cx, action, NameOf(cx, group, identifier), stream, stop);

    public static async ValueTask<AccessDemand> TaggingAsync(LogsContext cx, string action, string? arn, CancellationToken stop)
    {
        var group = Names.GroupOfArn(cx.Call, arn);
        return new AccessDemand(action, Names.ArnOfGroup(cx.Call, group)) { ResourceTags = await TagsAsync(cx, group, stop) };
    }

    public static IReadOnlyList<AccessDemand> Create(LogsContext cx, CreateLogGroupRequest request)
    {
        var arn = Names.ArnOfGroup(cx.Call, request.LogGroupName ?? "");
        var tags = AccessRules.Tags(request.Tags, t => t.Key, t => t.Value);
        var create = new AccessDemand("logs:CreateLogGroup", $"{arn}:log-stream:") { RequestTags = tags };
        return tags is null ? [create] : [create, new AccessDemand("logs:TagResource", arn) { RequestTags = tags }];
    }

    /// <summary>Groups that are asked for one by one are asked about so; otherwise the question is about the prefix, or about all.</summary>
    public static async ValueTask<IReadOnlyList<AccessDemand>> DescribeAsync(LogsContext cx, DescribeLogGroupsRequest request, CancellationToken stop)
    {
        const string Action = "logs:DescribeLogGroups";
        if (request.LogGroupIdentifiers is not { Count: > 0 } identifiers)
        {
            return [new AccessDemand(Action, $"{Names.ArnOfGroup(cx.Call, request.LogGroupNamePrefix ?? "")}:log-stream:")];
        }
        List<AccessDemand> demands = [];
        foreach (var identifier in identifiers)
        {
            demands.Add(await GroupAsync(cx, Action, Names.GroupOfIdentifier(cx.Call, identifier), stop));
        }
        return demands;
    }

    private static string? NameOf(LogsContext cx, string? group, string? identifier) =>
        identifier is null ? group : Names.GroupOfIdentifier(cx.Call, identifier);

    private static async ValueTask<IReadOnlyDictionary<string, string>?> TagsAsync(LogsContext cx, string? group, CancellationToken stop) =>
        (await cx.Documents.GetAsync(LogsKinds.Group, cx.Scope, Names.RequireGroup(group), stop))?.Value.Tags;
}
