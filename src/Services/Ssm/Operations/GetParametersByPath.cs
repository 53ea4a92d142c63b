using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Documents;
using Longspan.Services.Ssm.Rules;

namespace Longspan.Services.Ssm.Operations;

internal static class GetParametersByPath
{
    private const int LargestPage = 10;

    public static async ValueTask<GetParametersByPathResult> HandleAsync(
        SsmContext cx, GetParametersByPathRequest request, CancellationToken stop)
    {
        var path = ParameterNames.CheckPath(request.Path!);
        var size = Parameters.PageSize(request.MaxResults, LargestPage);
        var after = Pages.Start(request, request.NextToken);
        var matches = ParameterFilters.Read(request.ParameterFilters, byPath: true);
        var labels = request.ParameterFilters?.Find(f => f.Key == ParameterFilters.Label)?.Values;
        // The root also holds the names without a hierarchy, which no prefix selects.
        var found = await cx.Documents.ListAsync(
            SsmKinds.Parameters, cx.Call.Scope, stop, path == "/" ? "" : path + "/", after);
        List<Parameter> page = [];
        foreach (var parameter in found.Select(d => d.Value))
        {
            if (!ParameterFilters.IsUnder(parameter.Name, path, request.Recursive == true) || !matches(parameter))
            {
                continue;
            }
            if (page.Count == size)
            {
                return new GetParametersByPathResult { Parameters = page, NextToken = Pages.Next(request, page[^1].Name!) };
            }
            var shown = labels is null ? parameter : await LabelledAsync(cx, parameter, labels, stop);
            page.Add(await shown.ToShapeAsync(cx, request.WithDecryption == true, selector: null, stop));
        }
        return new GetParametersByPathResult { Parameters = page };
    }

    // A label asks for the version that carries it, not for the newest.
    private static async ValueTask<ParameterDocument> LabelledAsync(
        SsmContext cx, ParameterDocument parameter, List<string> labels, CancellationToken stop)
    {
        var version = parameter.Labels[labels.Find(parameter.Labels.ContainsKey)!];
        return await Parameters.VersionAsync(cx, parameter.Name, version, stop) ?? parameter;
    }
}
