using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>
/// Services that use Service Connect in a namespace. Service Connect is refused when a service is created, so a namespace that is known,
/// because a cluster has it as its default, has none.
/// </summary>
internal static class ListServicesByNamespace
{
    public const int MaximumNameLength = 1024;

    public static async ValueTask<ListServicesByNamespaceResponse> HandleAsync(
        EcsContext cx, ListServicesByNamespaceRequest request, CancellationToken stop)
    {
        if (string.IsNullOrEmpty(request.Namespace) || request.Namespace.Length > MaximumNameLength)
        {
            throw new InvalidParameterException($"Namespace must have between 1 and {MaximumNameLength} characters.");
        }
        _ = Paging.Size(request.MaxResults);
        _ = Paging.After(request.NextToken);
        var clusters = await cx.Documents.ListAsync(EcsKinds.Cluster, cx.Scope, stop);
        return clusters.Any(c => c.Value is { IsActive: true, Declared.ServiceConnectDefaults.Namespace: { } name } && name == request.Namespace)
            ? new ListServicesByNamespaceResponse { ServiceArns = [] }
            : throw new NamespaceNotFoundException("The specified namespace was not found.");
    }
}
