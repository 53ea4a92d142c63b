using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Documents;
using Longspan.Services.Ssm.Rules;

namespace Longspan.Services.Ssm.Operations;

internal static class DescribeParameters
{
    private const int LargestPage = 50;

    public static async ValueTask<DescribeParametersResult> HandleAsync(
        SsmContext cx, DescribeParametersRequest request, CancellationToken stop)
    {
        var size = Parameters.PageSize(request.MaxResults, LargestPage);
        var after = Pages.Start(request, request.NextToken);
        if (request.Filters is { Count: > 0 } && request.ParameterFilters is { Count: > 0 })
        {
            throw SsmFaults.Validation("You can use either Filters or ParameterFilters in a single request.");
        }
        var newer = ParameterFilters.Read(request.ParameterFilters, byPath: false);
        var older = ParameterFilters.ReadOlder(request.Filters);
        List<ParameterMetadata> page = [];
        if (request.Shared == true)
        {
            // Nothing is shared with other accounts here, and none share with this one.
            return new DescribeParametersResult { Parameters = page };
        }
        foreach (var parameter in await cx.Documents.ListAsync(SsmKinds.Parameters, cx.Call.Scope, stop, afterName: after))
        {
            if (!newer(parameter.Value) || !older(parameter.Value))
            {
                continue;
            }
            if (page.Count == size)
            {
                return new DescribeParametersResult { Parameters = page, NextToken = Pages.Next(request, page[^1].Name!) };
            }
            page.Add(parameter.Value.ToMetadata(cx.Call));
        }
        return new DescribeParametersResult { Parameters = page };
    }
}
