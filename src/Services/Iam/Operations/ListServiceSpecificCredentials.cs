using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

/// <summary>No service here takes a password of its own, so no user has any. Tools ask before they delete a user.</summary>
internal static class ListServiceSpecificCredentials
{
    public static async ValueTask<ListServiceSpecificCredentialsResponse> HandleAsync(
        IamContext cx, ListServiceSpecificCredentialsRequest request, CancellationToken stop)
    {
        if (request.AllUsers != true)
        {
            await Identities.UserAsync(cx, Identities.NameOrCaller(cx, request.UserName), stop);
        }
        return new ListServiceSpecificCredentialsResponse { ServiceSpecificCredentials = [], IsTruncated = false };
    }
}
