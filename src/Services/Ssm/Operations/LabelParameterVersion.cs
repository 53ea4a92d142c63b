using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Rules;

namespace Longspan.Services.Ssm.Operations;

internal static class LabelParameterVersion
{
    public static async ValueTask<LabelParameterVersionResult> HandleAsync(
        SsmContext cx, LabelParameterVersionRequest request, CancellationToken stop)
    {
        var labels = ParameterLabels.Check(request.Labels);
        var invalid = labels.Where(l => !ParameterLabels.IsWellFormed(l)).ToList();
        var number = 0L;
        await Parameters.ChangeAsync(cx, await Parameters.RequireNameAsync(cx, request.Name!, stop), async parameter =>
        {
            number = request.ParameterVersion ?? parameter.Version;
            await ParameterLabels.RequireVersionAsync(cx, parameter, number, stop);
            return ParameterLabels.With(parameter, number, labels.Except(invalid));
        }, stop);
        return new LabelParameterVersionResult { InvalidLabels = invalid, ParameterVersion = number };
    }
}
