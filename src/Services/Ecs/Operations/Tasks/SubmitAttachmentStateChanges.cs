using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>Network and volume attachments are the platform's own here, so a report about one changes nothing.</summary>
internal static class SubmitAttachmentStateChanges
{
    public static ValueTask<SubmitAttachmentStateChangesResponse> HandleAsync(
        EcsContext cx, SubmitAttachmentStateChangesRequest request, CancellationToken stop) =>
        ValueTask.FromResult(new SubmitAttachmentStateChangesResponse { Acknowledgment = SubmitTaskStateChange.Acknowledgment });
}
