using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class GetAccountAuthorizationDetails
{
    public static async ValueTask<GetAccountAuthorizationDetailsResponse> HandleAsync(
        IamContext cx, GetAccountAuthorizationDetailsRequest request, CancellationToken stop)
    {
        var entities = await AccountDetails.ListAsync(cx, request.Filter, stop);
        var page = Paging.Cut(entities, e => e.Key, request.Marker, request.MaxItems);
        return new GetAccountAuthorizationDetailsResponse
        {
            UserDetailList = [.. page.Items.Select(e => e.Entity.User).OfType<UserDetail>()],
            GroupDetailList = [.. page.Items.Select(e => e.Entity.Group).OfType<GroupDetail>()],
            RoleDetailList = [.. page.Items.Select(e => e.Entity.Role).OfType<RoleDetail>()],
            Policies = [.. page.Items.Select(e => e.Entity.Policy).OfType<ManagedPolicyDetail>()],
            IsTruncated = page.IsTruncated,
            Marker = page.Marker,
        };
    }
}
