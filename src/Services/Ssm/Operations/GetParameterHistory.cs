using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Rules;

namespace Longspan.Services.Ssm.Operations;

internal static class GetParameterHistory
{
    private const int LargestPage = 50;

    public static async ValueTask<GetParameterHistoryResult> HandleAsync(
        SsmContext cx, GetParameterHistoryRequest request, CancellationToken stop)
    {
        var size = Parameters.PageSize(request.MaxResults, LargestPage);
        var after = Pages.Start(request, request.NextToken);
        var reference = ParameterNames.TryReference(cx.Call, request.Name!) ?? throw Parameters.NotFound(request.Name!);
        var versions = await Parameters.VersionsAsync(cx, reference.Name, stop, after, size + 1);
        var newest = await Parameters.FindAsync(cx, reference.Name, stop) ?? throw Parameters.NotFound(request.Name!);
        List<ParameterHistory> page = [];
        foreach (var version in versions.Take(size))
        {
            page.Add(await version.Value.ToHistoryAsync(cx, newest.Value, request.WithDecryption == true, stop));
        }
        return new GetParameterHistoryResult
        {
            Parameters = page,
            NextToken = versions.Count > size ? Pages.Next(request, versions[size - 1].Key.Name) : null,
        };
    }
}
