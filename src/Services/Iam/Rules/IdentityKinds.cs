using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Rules;

/// <summary>What the operations on policies need to know about the kind of identity that holds them.</summary>
/// <param name="Noun">As IAM names it in refusals: <c>role</c>.</param>
/// <param name="InlineSize">All inline policies of one identity together.</param>
/// <param name="FindAsync">The identity by the name in a request, to be read.</param>
/// <param name="ChangeAsync">The same, to be changed: refuses what IAM lets nobody change.</param>
internal sealed record IdentityKind<T>(
    string Noun, int InlineSize, DocumentKind<T> Documents, Func<T, string> NameOf,
    Func<IamContext, string?, CancellationToken, ValueTask<Document<T>>> FindAsync,
    Func<IamContext, string?, CancellationToken, ValueTask<Document<T>>> ChangeAsync)
    where T : IdentityDocument
{
    /// <summary>As IAM names limits: <c>RolePolicySize</c>, <c>PoliciesPerRole</c>.</summary>
    public string QuotaNoun { get; } = char.ToUpperInvariant(Noun[0]) + Noun[1..];
}

/// <summary>Users, groups and roles as holders of policies.</summary>
internal static class IdentityKinds
{
    public static readonly IdentityKind<UserDocument> User = new(
        "user", IamLimits.InlinePoliciesOfUserSize, AccessKinds.Users, u => u.UserName, Identities.UserAsync, Identities.UserAsync);

    public static readonly IdentityKind<GroupDocument> Group = new(
        "group", IamLimits.InlinePoliciesOfGroupSize, AccessKinds.Groups, g => g.GroupName, Identities.GroupAsync, Identities.GroupAsync);

    public static readonly IdentityKind<RoleDocument> Role = new(
        "role", IamLimits.InlinePoliciesOfRoleSize, AccessKinds.Roles, r => r.RoleName, Identities.RoleAsync, Identities.RoleToChangeAsync);
}
