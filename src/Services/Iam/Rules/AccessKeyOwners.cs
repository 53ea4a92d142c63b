using Longspan.Kernel.Access.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Rules;

/// <summary>A key together with its user. A request may name the user; one that names another user than the key's does not find it.</summary>
internal static class AccessKeyOwners
{
    public static async ValueTask<(Document<UserDocument> User, Document<AccessKeyDocument> Key)> FindAsync(
        IamContext cx, string? userName, string accessKeyId, CancellationToken stop)
    {
        CheckId(accessKeyId);
        var user = await Identities.UserAsync(cx, Identities.NameOrCaller(cx, userName), stop);
        var key = user.Value.AccessKeyIds.Contains(accessKeyId)
            ? await cx.Documents.GetAsync(AccessKinds.AccessKeys, cx.AccountId, accessKeyId, stop)
            : null;
        return key is null ? throw IamFaults.NoAccessKey(accessKeyId) : (user, key);
    }

    public static string CheckId(string accessKeyId) => accessKeyId.Length is >= 16 and <= 128 && accessKeyId.All(char.IsAsciiLetterOrDigit)
        ? accessKeyId
        : throw IamFaults.Constraint("accessKeyId", accessKeyId, "Member must have length between 16 and 128, inclusive");
}
