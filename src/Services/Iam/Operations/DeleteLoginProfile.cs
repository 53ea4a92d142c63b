using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

/// <summary>There is no console to sign in to with a password, so no user has a login profile. Tools ask before they delete a user.</summary>
internal static class DeleteLoginProfile
{
    public static async ValueTask<DeleteLoginProfileResponse> HandleAsync(
        IamContext cx, DeleteLoginProfileRequest request, CancellationToken stop)
    {
        var user = await Identities.UserAsync(cx, Identities.NameOrCaller(cx, request.UserName), stop);
        throw new NoSuchEntityException($"Login Profile for User {user.Value.UserName} cannot be found.");
    }
}
