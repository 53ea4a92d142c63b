using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Rules;

namespace Longspan.Services.Ssm.Operations;

internal static class GetParameters
{
    private const int MaximumNames = 10;

    public static async ValueTask<GetParametersResult> HandleAsync(SsmContext cx, GetParametersRequest request, CancellationToken stop)
    {
        if (request.Names is not { Count: >= 1 and <= MaximumNames } names)
        {
            throw SsmFaults.Constraint("names", $"[{request.Names?.Count ?? 0} items]", $"Member must have length between 1 and {MaximumNames}, inclusive");
        }
        if (names.Distinct(StringComparer.Ordinal).Count() != names.Count)
        {
            throw SsmFaults.Validation("Duplicate parameter names are not allowed.");
        }
        var result = new GetParametersResult { Parameters = [], InvalidParameters = [] };
        foreach (var name in names)
        {
            var reference = ParameterNames.TryReference(name);
            var parameter = reference is null ? null : await SelectAsync(cx, reference, stop);
            if (parameter is null)
            {
                result.InvalidParameters.Add(name);
            }
            else
            {
                result.Parameters.Add(parameter.ToShape(cx, request.WithDecryption == true, reference!.Selector));
            }
        }
        return result;
    }

    // Here a version that does not exist is one more invalid name, not a failure of the call.
    private static async ValueTask<Documents.ParameterDocument?> SelectAsync(SsmContext cx, ParameterReference reference, CancellationToken stop)
    {
        try
        {
            return await Parameters.SelectAsync(cx, reference, stop);
        }
        catch (ParameterVersionNotFound)
        {
            return null;
        }
    }
}
