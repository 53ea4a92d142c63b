using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class PutUserPermissionsBoundary
{
    public static async ValueTask<PutUserPermissionsBoundaryResponse> HandleAsync(
        IamContext cx, PutUserPermissionsBoundaryRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var user = await Identities.UserAsync(cx, request.UserName, stop);
            var commit = new Commit();
            await Boundaries.RequireAsync(cx, commit, request.PermissionsBoundary, stop);
            return commit.Update(AccessKinds.Users, user, user.Value with { PermissionsBoundaryArn = request.PermissionsBoundary });
        }, stop);
        return new PutUserPermissionsBoundaryResponse();
    }
}
