using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Rules;

namespace Longspan.Services.Ssm.Operations;

internal static class GetParameter
{
    public static async ValueTask<GetParameterResult> HandleAsync(SsmContext cx, GetParameterRequest request, CancellationToken stop)
    {
        if (SecretReferences.Names(request.Name!))
        {
            return new GetParameterResult { Parameter = await SecretReferences.ReadAsync(cx, request.Name!, request.WithDecryption == true, stop) };
        }
        var reference = ParameterNames.TryReference(cx.Call, request.Name!) ?? throw Parameters.NotFound(request.Name!);
        var parameter = await Parameters.SelectAsync(cx, reference, stop) ?? throw Parameters.NotFound(request.Name!);
        return new GetParameterResult
        {
            Parameter = await parameter.ToShapeAsync(cx, request.WithDecryption == true, reference.Selector, stop),
        };
    }
}
