using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Documents;
using Longspan.Services.Ssm.Rules;

namespace Longspan.Services.Ssm.Operations;

internal static class DescribeInstanceInformation
{
    private const int SmallestPage = 5;
    private const int LargestPage = 50;

    public static async ValueTask<DescribeInstanceInformationResult> HandleAsync(
        SsmContext cx, DescribeInstanceInformationRequest request, CancellationToken stop)
    {
        var size = request.MaxResults ?? LargestPage;
        if (size is < SmallestPage or > LargestPage)
        {
            throw SsmFaults.Constraint("maxResults", size, $"Member must have value between {SmallestPage} and {LargestPage}, inclusive");
        }
        if (request.Filters is { Count: > 0 } && request.InstanceInformationFilterList is { Count: > 0 })
        {
            throw SsmFaults.Validation("Use Filters or InstanceInformationFilterList, but not both in the same request.");
        }
        var after = Pages.Start(request, request.NextToken);
        var matches = InstanceFilters.Read(request);
        var now = cx.Now;
        List<InstanceInformation> page = [];
        foreach (var instance in await cx.Documents.ListAsync(SsmKinds.Instances, cx.Call.Scope, stop, afterName: after))
        {
            var shape = instance.Value.ToShape(cx.Pings, now);
            if (!matches(instance.Value, shape))
            {
                continue;
            }
            if (page.Count == size)
            {
                return new DescribeInstanceInformationResult
                {
                    InstanceInformationList = page,
                    NextToken = Pages.Next(request, page[^1].InstanceId!),
                };
            }
            page.Add(shape);
        }
        return new DescribeInstanceInformationResult { InstanceInformationList = page };
    }
}
