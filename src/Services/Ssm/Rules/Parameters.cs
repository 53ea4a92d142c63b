using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Ssm.Rules;

/// <summary>Reading parameters, and what operations on them share.</summary>
internal static class Parameters
{
    /// <summary>Versions that are kept; the oldest goes when there are more.</summary>
    public const int MaximumVersions = 100;

    public static ParameterNotFound NotFound(string name) => new($"Parameter {name} not found.");

    public static ParameterVersionNotFound NoSuchVersion(string name, string version) =>
        new($"Systems Manager could not find version {version} of {name}. Verify the version and try again.");

    public static ValueTask<Document<ParameterDocument>?> FindAsync(SsmContext cx, string name, CancellationToken stop) =>
        cx.Documents.GetAsync(SsmKinds.Parameters, cx.Call.Scope, name, stop);

    public static async ValueTask<ParameterDocument?> VersionAsync(SsmContext cx, string name, long version, CancellationToken stop) =>
        (await cx.Documents.GetAsync(SsmKinds.ParameterVersions, cx.Call.Scope, SsmKinds.VersionName(name, version), stop))?.Value;

    /// <summary>The name of a parameter that exists, from a reference without a selector.</summary>
    public static async ValueTask<string> RequireNameAsync(SsmContext cx, string text, CancellationToken stop) =>
        ParameterNames.TryReference(cx.Call, text.Trim()) is { Selector: null } reference && await FindAsync(cx, reference.Name, stop) is not null
            ? reference.Name
            : throw NotFound(text);

    /// <summary>The version that a reference selects; null when there is no such parameter.</summary>
    public static async ValueTask<ParameterDocument?> SelectAsync(SsmContext cx, ParameterReference reference, CancellationToken stop)
    {
        if (reference.Selector is null)
        {
            return (await FindAsync(cx, reference.Name, stop))?.Value;
        }
        if (reference.Version is { } number && await VersionAsync(cx, reference.Name, number, stop) is { } version)
        {
            return version;
        }
        if (await FindAsync(cx, reference.Name, stop) is not { } parameter)
        {
            return null;
        }
        var selector = reference.Selector[1..];
        return parameter.Value.Labels.TryGetValue(selector, out var labelled) && await VersionAsync(cx, reference.Name, labelled, stop) is { } found
            ? found
            : throw NoSuchVersion(reference.Name, selector);
    }

    public static ValueTask<IReadOnlyList<Document<ParameterDocument>>> VersionsAsync(
        SsmContext cx, string name, CancellationToken stop, string? after = null, int limit = int.MaxValue) =>
        cx.Documents.ListAsync(SsmKinds.ParameterVersions, cx.Call.Scope, stop, name + ":", after, limit);

    /// <summary>Deletes a parameter with all its versions; false when there is none.</summary>
    public static async ValueTask<bool> DeleteAsync(SsmContext cx, string name, CancellationToken stop)
    {
        for (var attempt = 0; attempt < SsmContext.MaximumAttempts; attempt++)
        {
            var parameter = await FindAsync(cx, name, stop);
            if (parameter is null)
            {
                return false;
            }
            if (await TryDeleteAsync(cx.Documents, parameter, stop))
            {
                return true;
            }
        }
        throw SsmFaults.TooManyUpdates();
    }

    /// <summary>Deletes it as it was read; false when it changed meanwhile.</summary>
    public static async ValueTask<bool> TryDeleteAsync(DocumentLog documents, Document<ParameterDocument> parameter, CancellationToken stop)
    {
        var commit = new Commit().Delete(parameter);
        foreach (var version in await documents.ListAsync(SsmKinds.ParameterVersions, parameter.Key.Scope, stop, parameter.Key.Name + ":"))
        {
            commit.Delete(version);
        }
        return (await documents.CommitAsync(commit, stop)).Committed;
    }

    public static async ValueTask ChangeAsync(
        SsmContext cx, string name, Func<ParameterDocument, ValueTask<ParameterDocument>> change, CancellationToken stop)
    {
        for (var attempt = 0; attempt < SsmContext.MaximumAttempts; attempt++)
        {
            var parameter = await FindAsync(cx, name, stop) ?? throw new InvalidResourceId($"The resource ID {name} isn't valid.");
            var commit = new Commit().Update(SsmKinds.Parameters, parameter, await change(parameter.Value));
            if ((await cx.Documents.CommitAsync(commit, stop)).Committed)
            {
                return;
            }
        }
        throw SsmFaults.TooManyUpdates();
    }

    public static int PageSize(int? asked, int largest) => asked is < 1 || asked > largest
        ? throw SsmFaults.Constraint("maxResults", asked, $"Member must have value between 1 and {largest}, inclusive")
        : asked ?? largest;
}
