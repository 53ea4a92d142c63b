using Longspan.Api.Sts;

namespace Longspan.Services.Sts.Operations;

internal static class DecodeAuthorizationMessage
{
    public static ValueTask<DecodeAuthorizationMessageResponse> HandleAsync(
        StsContext cx, DecodeAuthorizationMessageRequest request, CancellationToken stop) =>
        ValueTask.FromResult(new DecodeAuthorizationMessageResponse
        {
            DecodedMessage = cx.Call.Cloud.Refusals?.TryOpen(request.EncodedMessage!, cx.Call.Now)
                ?? throw new InvalidAuthorizationMessageException("The message is invalid or has expired."),
        });
}
