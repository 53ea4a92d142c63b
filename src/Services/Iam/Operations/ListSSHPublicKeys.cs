using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

/// <summary>There is no CodeCommit whose repositories a key could open, so no user has any. Tools ask before they delete a user.</summary>
internal static class ListSSHPublicKeys
{
    public static async ValueTask<ListSSHPublicKeysResponse> HandleAsync(IamContext cx, ListSSHPublicKeysRequest request, CancellationToken stop)
    {
        await Identities.UserAsync(cx, Identities.NameOrCaller(cx, request.UserName), stop);
        return new ListSSHPublicKeysResponse { SSHPublicKeys = [], IsTruncated = false };
    }
}
