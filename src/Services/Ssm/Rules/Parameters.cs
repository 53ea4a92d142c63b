using Longspan.Api.Ssm;
using Longspan.Kernel;
using Longspan.Services.Ssm.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Ssm.Rules;

/// <summary>Reading parameters, and what operations on them share.</summary>
internal static class Parameters
{
    /// <summary>Versions that are kept; the oldest goes when there are more.</summary>
    public const int MaximumVersions = 100;

    public static ParameterNotFound NotFound(string name) => new($"Parameter {name} not found.");

    public static ValueTask<Document<ParameterDocument>?> FindAsync(SsmContext cx, string name, CancellationToken stop) =>
        cx.Documents.GetAsync(SsmKinds.Parameters, cx.Call.Scope, name, stop);

    /// <summary>The version that a reference selects; null when there is no such parameter.</summary>
    public static async ValueTask<ParameterDocument?> SelectAsync(SsmContext cx, ParameterReference reference, CancellationToken stop)
    {
        if (reference.Selector is null)
        {
            return (await FindAsync(cx, reference.Name, stop))?.Value;
        }
        var version = reference.Version is { } number
            ? await cx.Documents.GetAsync(SsmKinds.ParameterVersions, cx.Call.Scope, SsmKinds.VersionName(reference.Name, number), stop)
            : null;
        if (version is not null)
        {
            return version.Value;
        }
        return await FindAsync(cx, reference.Name, stop) is null
            ? null
            : throw new ParameterVersionNotFound(
                $"Systems Manager could not find version {reference.Selector[1..]} of {reference.Name}. Verify the version and try again.");
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
            var commit = new Commit().Delete(parameter);
            foreach (var version in await VersionsAsync(cx, name, stop))
            {
                commit.Delete(version);
            }
            if ((await cx.Documents.CommitAsync(commit, stop)).Committed)
            {
                return true;
            }
        }
        throw SsmFaults.TooManyUpdates();
    }

    public static async ValueTask ChangeAsync(
        SsmContext cx, string name, Func<ParameterDocument, ParameterDocument> change, CancellationToken stop)
    {
        for (var attempt = 0; attempt < SsmContext.MaximumAttempts; attempt++)
        {
            var parameter = await FindAsync(cx, name, stop) ?? throw new InvalidResourceId($"The resource ID {name} isn't valid.");
            var commit = new Commit().Update(SsmKinds.Parameters, parameter, change(parameter.Value));
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

    public static string? PageStart(string? token) => PageToken.TryDecode(token, out var after) ? after : throw SsmFaults.NextToken();
}
