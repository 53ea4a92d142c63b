using Longspan.Api.Logs;
using Longspan.Kernel;
using Longspan.Services.Logs.Documents;
using Longspan.Services.Logs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Logs.Operations;

internal static class DescribeLogGroups
{
    private const int MaximumPage = 50;
    private const int MaximumIdentifiers = 50;

    public static async ValueTask<DescribeLogGroupsResponse> HandleAsync(LogsContext cx, DescribeLogGroupsRequest request, CancellationToken stop)
    {
        if (request.LogGroupNamePrefix is not null && request.LogGroupNamePattern is not null)
        {
            throw new InvalidParameterException("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
        }
        var limit = LogsFaults.Limit(request.Limit, MaximumPage);
        if (!PageToken.TryDecode(request.NextToken, out var after))
        {
            throw LogsFaults.BadToken();
        }
        var named = await NamedAsync(cx, request, stop);
        var found = new List<LogGroupDocument>(limit + 1);
        while (found.Count <= limit)
        {
            // Groups that do not fit the other conditions are skipped, so a page may take several reads.
            var page = named ?? await ListAsync(cx, request, after, stop);
            found.AddRange(page.Select(group => group.Value).Where(group => Fits(group, request)).Take(limit + 1 - found.Count));
            if (named is not null || page.Count < MaximumPage + 1)
            {
                break;
            }
            after = page[^1].Key.Name;
        }
        var groups = new List<LogGroup>(limit);
        foreach (var group in found.Take(limit))
        {
            groups.Add(group.ToShape(cx, (await cx.Records.SummarizeGroupAsync(cx.Scope, group.Id, stop)).Bytes));
        }
        return new DescribeLogGroupsResponse
        {
            LogGroups = groups,
            NextToken = found.Count > limit ? PageToken.Encode(found[limit - 1].Name) : null,
        };
    }

    private static ValueTask<IReadOnlyList<Document<LogGroupDocument>>> ListAsync(
        LogsContext cx, DescribeLogGroupsRequest request, string? after, CancellationToken stop) =>
        cx.Documents.ListAsync(
            LogsKinds.Group, cx.Scope, stop, Names.GroupPrefix(request.LogGroupNamePrefix, "logGroupNamePrefix"), after, MaximumPage + 1);

    // The groups asked for one by one; those that do not exist are left out. Null when the request does not name any.
    private static async ValueTask<IReadOnlyList<Document<LogGroupDocument>>?> NamedAsync(
        LogsContext cx, DescribeLogGroupsRequest request, CancellationToken stop)
    {
        if (request.LogGroupIdentifiers is not { Count: > 0 } identifiers)
        {
            return null;
        }
        if (request.LogGroupNamePrefix is not null || request.LogGroupNamePattern is not null)
        {
            throw new InvalidParameterException("LogGroup identifiers can not be specified together with a LogGroup name prefix or pattern.");
        }
        if (identifiers.Count > MaximumIdentifiers)
        {
            throw LogsFaults.Constraint("logGroupIdentifiers", "...", $"Member must have length less than or equal to {MaximumIdentifiers}");
        }
        var found = new SortedDictionary<string, Document<LogGroupDocument>>(StringComparer.Ordinal);
        foreach (var identifier in identifiers)
        {
            var name = Names.GroupOfIdentifier(cx.Call, identifier);
            if (await cx.Documents.GetAsync(LogsKinds.Group, cx.Scope, name, stop) is { } group)
            {
                found[name] = group;
            }
        }
        return [.. found.Values];
    }

    private static bool Fits(LogGroupDocument group, DescribeLogGroupsRequest request) =>
        (request.LogGroupClass is null || group.LogGroupClass == request.LogGroupClass)
        && (request.LogGroupNamePattern is null || group.Name.Contains(request.LogGroupNamePattern, StringComparison.OrdinalIgnoreCase));
}
