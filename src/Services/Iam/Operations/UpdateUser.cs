using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

/// <summary>
/// A new name is written to the user's access keys too, in one commit: they go on working. Sessions made with <c>GetSessionToken</c>
/// are found by the old name and end.
/// </summary>
internal static class UpdateUser
{
    public static async ValueTask<UpdateUserResponse> HandleAsync(IamContext cx, UpdateUserRequest request, CancellationToken stop)
    {
        await cx.CommitAsync(async () =>
        {
            var user = await Identities.UserAsync(cx, request.UserName, stop);
            var changed = user.Value with
            {
                Path = request.NewPath is null ? user.Value.Path : IamChecks.Path(request.NewPath),
                UserName = request.NewUserName is null
                    ? user.Value.UserName
                    : IamChecks.Name("newUserName", request.NewUserName, IamLimits.UserNameLength),
            };
            if (changed.UserName == user.Value.UserName)
            {
                return new Commit().Update(AccessKinds.Users, user, changed);
            }
            return user.Value.IsAdministrator
                ? throw new EntityTemporarilyUnmodifiableException("The account's administrator keeps its name.")
                : await RenameAsync(cx, user, changed, stop);
        }, stop);
        return new UpdateUserResponse();
    }

    private static async ValueTask<Commit> RenameAsync(
        IamContext cx, Document<UserDocument> user, UserDocument changed, CancellationToken stop)
    {
        var commit = new Commit();
        var name = AccessKinds.NameOf(changed.UserName);
        if (name == user.Key.Name)
        {
            commit.Update(AccessKinds.Users, user, changed);
        }
        else if (await cx.Documents.GetAsync(AccessKinds.Users, cx.AccountId, name, stop) is null)
        {
            commit.Delete(user).Create(AccessKinds.Users, cx.AccountId, name, changed);
        }
        else
        {
            throw new EntityAlreadyExistsException($"User with name {changed.UserName} already exists.");
        }
        foreach (var id in user.Value.AccessKeyIds)
        {
            if (await cx.Documents.GetAsync(AccessKinds.AccessKeys, cx.AccountId, id, stop) is { } key)
            {
                commit.Update(AccessKinds.AccessKeys, key, key.Value with { UserName = changed.UserName });
            }
        }
        return commit;
    }
}
