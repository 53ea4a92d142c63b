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
            if (await FindAsync(cx, name, request.WithDecryption == true, stop) is { } parameter)
            {
                result.Parameters.Add(parameter);
            }
            else
            {
                result.InvalidParameters.Add(name);
            }
        }
        return result;
    }

    // Here a version that does not exist is one more invalid name, not a failure of the call.
    private static async ValueTask<Parameter?> FindAsync(SsmContext cx, string name, bool decrypt, CancellationToken stop)
    {
        try
        {
            if (SecretReferences.Names(name))
            {
                return await SecretReferences.ReadAsync(cx, name, decrypt, stop);
            }
            return ParameterNames.TryReference(cx.Call, name) is { } reference && await Parameters.SelectAsync(cx, reference, stop) is { } parameter
                ? await parameter.ToShapeAsync(cx, decrypt, reference.Selector, stop)
                : null;
        }
        catch (Exception refused) when (refused is ParameterVersionNotFound or ParameterNotFound)
        {
            return null;
        }
    }
}
