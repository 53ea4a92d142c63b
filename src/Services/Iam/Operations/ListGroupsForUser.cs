using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

/// <summary>There are no groups yet; tools ask before they delete a user.</summary>
internal static class ListGroupsForUser
{
    public static async ValueTask<ListGroupsForUserResponse> HandleAsync(
        IamContext cx, ListGroupsForUserRequest request, CancellationToken stop)
    {
        await Identities.UserAsync(cx, request.UserName, stop);
        return new ListGroupsForUserResponse { Groups = [], IsTruncated = false };
    }
}
