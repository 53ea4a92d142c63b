using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Ssm.Operations;

internal static class DeleteActivation
{
    public static async ValueTask<DeleteActivationResult> HandleAsync(
        SsmContext cx, DeleteActivationRequest request, CancellationToken stop)
    {
        if (!Guid.TryParseExact(request.ActivationId, "D", out _))
        {
            throw new InvalidActivationId("The activation ID is not valid. Verify the you entered the correct ActivationId or ActivationCode and try again.");
        }
        for (var attempt = 0; attempt < SsmContext.MaximumAttempts; attempt++)
        {
            var activation = await cx.Documents.GetAsync(SsmKinds.Activations, cx.Call.AccountId, request.ActivationId!, stop);
            if (activation is null || activation.Value.Region != cx.Call.Region)
            {
                throw new InvalidActivation($"The activation {request.ActivationId} does not exist.");
            }
            if ((await cx.Documents.CommitAsync(new Commit().Delete(activation), stop)).Committed)
            {
                return new DeleteActivationResult();
            }
        }
        throw SsmFaults.TooManyUpdates();
    }
}
