using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

/// <summary>Deletions are done before their ids are known, so there is nothing to look up.</summary>
internal static class GetServiceLinkedRoleDeletionStatus
{
    public static ValueTask<GetServiceLinkedRoleDeletionStatusResponse> HandleAsync(
        IamContext cx, GetServiceLinkedRoleDeletionStatusRequest request, CancellationToken stop)
    {
        return ServiceLinkedRoles.IsTask(request.DeletionTaskId!)
            ? ValueTask.FromResult(new GetServiceLinkedRoleDeletionStatusResponse { Status = "SUCCEEDED" })
            : throw new NoSuchEntityException($"Deletion task {request.DeletionTaskId} cannot be found.");
    }
}
