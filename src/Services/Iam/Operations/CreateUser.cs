using Longspan.Api.Iam;
using Longspan.Kernel;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class CreateUser
{
    public static async ValueTask<CreateUserResponse> HandleAsync(IamContext cx, CreateUserRequest request, CancellationToken stop)
    {
        var name = IamChecks.Name("userName", request.UserName, IamLimits.UserNameLength);
        var user = new UserDocument
        {
            UserName = name,
            UserId = Ids.Unique("AIDA"),
            Path = IamChecks.Path(request.Path),
            CreatedAt = cx.Call.Now,
            Tags = IamTags.Read(request.Tags, "TagsPerUser"),
            PermissionsBoundaryArn = request.PermissionsBoundary,
        };
        if ((await cx.Documents.ListAsync(AccessKinds.Users, cx.AccountId, stop)).Count >= IamLimits.UsersPerAccount)
        {
            throw IamFaults.Quota("UsersPerAccount", IamLimits.UsersPerAccount);
        }
        await cx.CommitAsync(async () =>
        {
            if (await cx.Documents.GetAsync(AccessKinds.Users, cx.AccountId, AccessKinds.NameOf(name), stop) is not null)
            {
                throw new EntityAlreadyExistsException($"User with name {name} already exists.");
            }
            var commit = new Commit().Create(AccessKinds.Users, cx.AccountId, AccessKinds.NameOf(name), user);
            await Boundaries.RequireAsync(cx, commit, request.PermissionsBoundary, stop);
            return commit;
        }, stop);
        return new CreateUserResponse { User = user.ToShape(cx.AccountId) };
    }
}
