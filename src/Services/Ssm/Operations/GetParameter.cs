using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Rules;

namespace Longspan.Services.Ssm.Operations;

internal static class GetParameter
{
    public static async ValueTask<GetParameterResult> HandleAsync(SsmContext cx, GetParameterRequest request, CancellationToken stop)
    {
        var reference = ParameterNames.TryReference(request.Name!) ?? throw Parameters.NotFound(request.Name!);
        var parameter = await Parameters.SelectAsync(cx, reference, stop) ?? throw Parameters.NotFound(request.Name!);
        return new GetParameterResult { Parameter = parameter.ToShape(cx, request.WithDecryption == true, reference.Selector) };
    }
}
