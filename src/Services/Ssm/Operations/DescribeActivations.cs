using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Documents;
using Longspan.Services.Ssm.Rules;

namespace Longspan.Services.Ssm.Operations;

internal static class DescribeActivations
{
    private const int LargestPage = 50;

    public static async ValueTask<DescribeActivationsResult> HandleAsync(
        SsmContext cx, DescribeActivationsRequest request, CancellationToken stop)
    {
        var size = request.MaxResults ?? LargestPage;
        if (size is < 1 or > LargestPage)
        {
            throw SsmFaults.Constraint("maxResults", size, $"Member must have value between 1 and {LargestPage}, inclusive");
        }
        var after = Pages.Start(request, request.NextToken);
        var filters = (request.Filters ?? []).ConvertAll(Filter);
        var now = cx.Now;
        List<Activation> page = [];
        foreach (var activation in await cx.Documents.ListByIndexAsync(
            SsmKinds.Activations, cx.Call.AccountId, SsmKinds.RegionIndex, cx.Call.Region, stop, after))
        {
            if (!filters.TrueForAll(f => f(activation.Value)))
            {
                continue;
            }
            if (page.Count == size)
            {
                return new DescribeActivationsResult { ActivationList = page, NextToken = Pages.Next(request, page[^1].ActivationId!) };
            }
            page.Add(activation.Value.ToShape(now));
        }
        return new DescribeActivationsResult { ActivationList = page };
    }

    private static Func<ActivationDocument, bool> Filter(DescribeActivationsFilter filter)
    {
        var values = filter.FilterValues ?? [];
        return filter.FilterKey switch
        {
            "ActivationIds" => a => values.Contains(a.ActivationId),
            "DefaultInstanceName" => a => a.DefaultInstanceName is { } name && values.Contains(name),
            "IamRole" => a => values.Contains(a.IamRole),
            _ => throw new InvalidFilter($"The filter {filter.FilterKey} isn't valid."),
        };
    }
}
