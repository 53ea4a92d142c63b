using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Rules;

namespace Longspan.Services.Ssm.Operations;

internal static class UnlabelParameterVersion
{
    public static async ValueTask<UnlabelParameterVersionResult> HandleAsync(
        SsmContext cx, UnlabelParameterVersionRequest request, CancellationToken stop)
    {
        var labels = ParameterLabels.Check(request.Labels);
        List<string> removed = [];
        await Parameters.ChangeAsync(cx, await Parameters.RequireNameAsync(cx, request.Name!, stop), async parameter =>
        {
            var number = request.ParameterVersion!.Value;
            await ParameterLabels.RequireVersionAsync(cx, parameter, number, stop);
            removed = labels.FindAll(l => parameter.Labels.TryGetValue(l, out var on) && on == number);
            return parameter with { Labels = parameter.Labels.Where(l => !removed.Contains(l.Key)).ToDictionary() };
        }, stop);
        return new UnlabelParameterVersionResult { RemovedLabels = removed, InvalidLabels = [.. labels.Except(removed)] };
    }
}
