using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>Finds the document that an ECS ARN names and changes its tags.</summary>
internal static class TaggedResource
{
    public static ValueTask<IReadOnlyDictionary<string, string>> TagsAsync(EcsContext cx, string? arn, CancellationToken stop) =>
        ChangeAsync(cx, arn, tags => tags, stop);

    /// <summary>Some tags of a cluster steer what its nodes' sessions send.</summary>
    public static void Wake(EcsContext cx, string? arn)
    {
        if (Kernel.Arn.TryParse(arn, out var parsed) && parsed.Resource.Split('/') is ["cluster", var name])
        {
            cx.Sessions.SignalCluster(cx.ClusterScope(name));
        }
    }

    public static async ValueTask<IReadOnlyDictionary<string, string>> ChangeAsync(
        EcsContext cx, string? arn, Func<IReadOnlyDictionary<string, string>, IReadOnlyDictionary<string, string>> change, CancellationToken stop)
    {
        if (!Kernel.Arn.TryParse(arn, out var parsed) || parsed.Service != "ecs")
        {
            throw new InvalidParameterException("Invalid arn syntax.");
        }
        var parts = parsed.Resource.Split('/');
        var scope = parts.Length == 3 ? cx.ClusterScope(parts[1]) : cx.ClusterScope(ClusterDocument.DefaultName);
        var name = parts[^1];
        return parts[0] switch
        {
            "cluster" => await InAsync(cx, EcsKinds.Cluster, cx.Scope, name, d => d.Tags, (d, t) => d with { Tags = t }, change, stop)
                ?? throw new ClusterNotFoundException("Cluster not found."),
            "service" => await InAsync(cx, EcsKinds.Service, scope, name, d => d.Tags, (d, t) => d with { Tags = t }, change, stop)
                ?? throw new InvalidParameterException("The specified service was not found."),
            "task" => await InAsync(cx, EcsKinds.EcsTask, scope, name, d => d.Tags, (d, t) => d with { Tags = t }, change, stop)
                ?? throw new InvalidParameterException("The specified task was not found."),
            "container-instance" =>
                await InAsync(cx, EcsKinds.Instance, scope, name, d => d.Tags, (d, t) => d with { Tags = t }, change, stop)
                ?? throw new InvalidParameterException("The specified container instance was not found."),
            "capacity-provider" =>
                await InAsync(cx, EcsKinds.CapacityProvider, cx.Scope, name, d => d.Tags, (d, t) => d with { Tags = t }, change, stop)
                ?? throw new InvalidParameterException("The specified capacity provider was not found."),
            "task-definition" => await DefinitionAsync(cx, arn, change, stop),
            _ => throw new InvalidParameterException("Invalid arn syntax."),
        };
    }

    private static async ValueTask<IReadOnlyDictionary<string, string>> DefinitionAsync(
        EcsContext cx, string? arn, Func<IReadOnlyDictionary<string, string>, IReadOnlyDictionary<string, string>> change, CancellationToken stop)
    {
        var (family, revision) = EcsNames.TaskDefinition(arn);
        return await InAsync(
            cx, EcsKinds.TaskDefinition, cx.Scope, TaskDefinitionDocument.NameOf(family, revision ?? 0),
            d => d.Tags, (d, t) => d with { Tags = t }, change, stop)
            ?? throw new InvalidParameterException("The specified task definition was not found.");
    }

    private static async ValueTask<IReadOnlyDictionary<string, string>?> InAsync<T>(
        EcsContext cx, DocumentKind<T> kind, string scope, string name,
        Func<T, IReadOnlyDictionary<string, string>> tagsOf, Func<T, IReadOnlyDictionary<string, string>, T> with,
        Func<IReadOnlyDictionary<string, string>, IReadOnlyDictionary<string, string>> change, CancellationToken stop) where T : class
    {
        for (var attempt = 0; attempt < EcsContext.MaximumAttempts; attempt++)
        {
            var found = await cx.Documents.GetAsync(kind, scope, name, stop);
            if (found is null)
            {
                return null;
            }
            var tags = tagsOf(found.Value);
            var next = change(tags);
            if (ReferenceEquals(tags, next)
                || (await cx.Documents.CommitAsync(new Commit().Update(kind, found, with(found.Value, next)), stop)).Committed)
            {
                return next;
            }
        }
        throw EcsContext.Contended();
    }
}
