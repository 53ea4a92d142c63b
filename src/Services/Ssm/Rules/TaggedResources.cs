using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Ssm.Rules;

/// <summary>The resources whose tags SSM's tag operations edit: parameters and registered machines.</summary>
internal static class TaggedResources
{
    private const int MaximumTags = 50;

    public static async ValueTask<IReadOnlyDictionary<string, string>> ReadAsync(
        SsmContext cx, string resourceType, string id, CancellationToken stop) => resourceType switch
        {
            "Parameter" => (await Parameters.FindAsync(cx, NameOf(cx, id), stop) ?? throw Invalid(id)).Value.Tags,
            "ManagedInstance" => (await cx.Documents.GetAsync(SsmKinds.Instances, cx.Call.Scope, id, stop) ?? throw Invalid(id)).Value.Tags,
            _ => throw new InvalidResourceType($"{resourceType} is not a valid resource type here."),
        };

    public static async ValueTask ChangeAsync(
        SsmContext cx, string resourceType, string id, Func<IReadOnlyDictionary<string, string>, Dictionary<string, string>> change, CancellationToken stop)
    {
        switch (resourceType)
        {
            case "Parameter":
                await Parameters.ChangeAsync(cx, NameOf(cx, id), p => ValueTask.FromResult(p with { Tags = Bounded(change(p.Tags)) }), stop);
                break;
            case "ManagedInstance":
                await ChangeInstanceAsync(cx, id, i => i with { Tags = Bounded(change(i.Tags)) }, stop);
                break;
            default:
                throw new InvalidResourceType($"{resourceType} is not a valid resource type here.");
        }
    }

    private static async ValueTask ChangeInstanceAsync(
        SsmContext cx, string id, Func<ManagedInstanceDocument, ManagedInstanceDocument> change, CancellationToken stop)
    {
        for (var attempt = 0; attempt < SsmContext.MaximumAttempts; attempt++)
        {
            var instance = await cx.Documents.GetAsync(SsmKinds.Instances, cx.Call.Scope, id, stop) ?? throw Invalid(id);
            var commit = new Commit().Update(SsmKinds.Instances, instance, change(instance.Value));
            if ((await cx.Documents.CommitAsync(commit, stop)).Committed)
            {
                return;
            }
        }
        throw SsmFaults.TooManyUpdates();
    }

    private static Dictionary<string, string> Bounded(Dictionary<string, string> tags) => tags.Count <= MaximumTags
        ? tags
        : throw new TooManyTagsError($"A resource may not have more than {MaximumTags} tags.");

    private static string NameOf(SsmContext cx, string id) =>
        ParameterNames.TryReference(cx.Call, id) is { Selector: null } reference ? reference.Name : throw Invalid(id);

    private static InvalidResourceId Invalid(string id) => new($"The resource ID {id} isn't valid.");
}
