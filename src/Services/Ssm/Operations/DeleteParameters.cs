using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Rules;

namespace Longspan.Services.Ssm.Operations;

internal static class DeleteParameters
{
    private const int MaximumNames = 10;

    public static async ValueTask<DeleteParametersResult> HandleAsync(SsmContext cx, DeleteParametersRequest request, CancellationToken stop)
    {
        if (request.Names is not { Count: >= 1 and <= MaximumNames } names)
        {
            throw SsmFaults.Constraint("names", $"[{request.Names?.Count ?? 0} items]", $"Member must have length between 1 and {MaximumNames}, inclusive");
        }
        var result = new DeleteParametersResult { DeletedParameters = [], InvalidParameters = [] };
        foreach (var name in names)
        {
            var deleted = ParameterNames.TryReference(cx.Call, name) is { Selector: null } reference
                && await Parameters.DeleteAsync(cx, reference.Name, stop);
            (deleted ? result.DeletedParameters : result.InvalidParameters).Add(name);
        }
        return result;
    }
}
