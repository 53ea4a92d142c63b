using Longspan.Api.Ssm;
using Longspan.Kernel;
using Longspan.Services.Ssm.Rules;

namespace Longspan.Services.Ssm.Operations;

internal static class GetParameterHistory
{
    private const int LargestPage = 50;

    public static async ValueTask<GetParameterHistoryResult> HandleAsync(
        SsmContext cx, GetParameterHistoryRequest request, CancellationToken stop)
    {
        var size = Parameters.PageSize(request.MaxResults, LargestPage);
        var after = Parameters.PageStart(request.NextToken);
        var reference = ParameterNames.TryReference(request.Name!) ?? throw Parameters.NotFound(request.Name!);
        var versions = await Parameters.VersionsAsync(cx, reference.Name, stop, after, size + 1);
        if (versions.Count == 0 && await Parameters.FindAsync(cx, reference.Name, stop) is null)
        {
            throw Parameters.NotFound(request.Name!);
        }
        return new GetParameterHistoryResult
        {
            Parameters = [.. versions.Take(size).Select(v => v.Value.ToHistory(cx, request.WithDecryption == true))],
            NextToken = versions.Count > size ? PageToken.Encode(versions[size - 1].Key.Name) : null,
        };
    }
}
