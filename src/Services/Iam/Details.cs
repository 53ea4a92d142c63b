using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam;

/// <summary>The shapes of <c>GetAccountAuthorizationDetails</c>, which carry all policies with them.</summary>
internal static class Details
{
    /// <param name="groups">Groups by document name.</param>
    public static UserDetail ToDetail(this UserDocument user, string accountId, IReadOnlyDictionary<string, GroupDocument> groups) => new()
    {
        UserName = user.UserName,
        UserId = user.UserId,
        Path = user.Path,
        Arn = user.ArnIn(accountId),
        CreateDate = user.CreatedAt,
        UserPolicyList = Inline(user),
        GroupList = [.. user.GroupNames.Select(name => groups.GetValueOrDefault(name)?.GroupName).OfType<string>()],
        AttachedManagedPolicies = Attached(user),
        PermissionsBoundary = Shapes.Boundary(user.PermissionsBoundaryArn),
        Tags = IamTags.ToList(user.Tags),
    };

    public static GroupDetail ToDetail(this GroupDocument group, string accountId) => new()
    {
        GroupName = group.GroupName,
        GroupId = group.GroupId,
        Path = group.Path,
        Arn = group.ArnIn(accountId),
        CreateDate = group.CreatedAt,
        GroupPolicyList = Inline(group),
        AttachedManagedPolicies = Attached(group),
    };

    public static RoleDetail ToDetail(this RoleDocument role, string accountId, List<InstanceProfile> profiles, RoleLastUsed use) => new()
    {
        RoleName = role.RoleName,
        RoleId = role.RoleId,
        Path = role.Path,
        Arn = role.ArnIn(accountId),
        CreateDate = role.CreatedAt,
        AssumeRolePolicyDocument = Shapes.Encoded(role.TrustPolicy),
        InstanceProfileList = profiles,
        RolePolicyList = Inline(role),
        AttachedManagedPolicies = Attached(role),
        PermissionsBoundary = Shapes.Boundary(role.PermissionsBoundaryArn),
        Tags = IamTags.ToList(role.Tags),
        RoleLastUsed = use,
    };

    public static ManagedPolicyDetail ToDetail(this Policy policy, IEnumerable<PolicyVersion> versions) => new()
    {
        PolicyName = policy.PolicyName,
        PolicyId = policy.PolicyId,
        Arn = policy.Arn,
        Path = policy.Path,
        DefaultVersionId = policy.DefaultVersionId,
        AttachmentCount = policy.AttachmentCount,
        PermissionsBoundaryUsageCount = policy.PermissionsBoundaryUsageCount,
        IsAttachable = policy.IsAttachable,
        Description = policy.Description,
        CreateDate = policy.CreateDate,
        UpdateDate = policy.UpdateDate,
        PolicyVersionList = [.. versions],
    };

    private static List<PolicyDetail> Inline(IdentityDocument identity) =>
        [.. identity.InlinePolicies.OrderBy(p => p.Key, StringComparer.Ordinal)
            .Select(p => new PolicyDetail { PolicyName = p.Key, PolicyDocument = Shapes.Encoded(p.Value) })];

    private static List<AttachedPolicy> Attached(IdentityDocument identity) => [.. identity.AttachedPolicyArns.Select(Shapes.AttachedPolicy)];
}
