using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Rules;

namespace Longspan.Services.Ssm.Operations;

internal static class DeleteParameter
{
    public static async ValueTask<DeleteParameterResult> HandleAsync(SsmContext cx, DeleteParameterRequest request, CancellationToken stop) =>
        ParameterNames.TryReference(cx.Call, request.Name!) is { Selector: null } reference && await Parameters.DeleteAsync(cx, reference.Name, stop)
            ? new DeleteParameterResult()
            : throw Parameters.NotFound(request.Name!);
}
