using System.Text.Json.Serialization;
using Longspan.Store.Documents;

namespace Longspan.Kernel.Access.Documents;

/// <summary>
/// The kinds of access control, all in the scope that is just the account id: identities know no region. Their names start with
/// <c>iam.</c>, by which <see cref="AccessChanges"/> knows them.
/// </summary>
public static class AccessKinds
{
    /// <summary>Index of users, groups, roles: the ARNs of the managed policies attached to them.</summary>
    public const string AttachedIndex = "attached";
    /// <summary>Index of users, roles: the ARN of the policy that is their permissions boundary.</summary>
    public const string BoundaryIndex = "boundary";
    /// <summary>Index of users: the document names of their groups.</summary>
    public const string GroupIndex = "group";

    private static readonly AccessJson s_json = new(new System.Text.Json.JsonSerializerOptions
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        PropertyNamingPolicy = System.Text.Json.JsonNamingPolicy.CamelCase,
    });

    public static readonly DocumentKind<UserDocument> Users = new()
    {
        Name = "iam.user",
        Json = s_json.UserDocument,
        Indexes = (_, user) => [.. Attached(user), .. Bounded(user.PermissionsBoundaryArn), .. user.GroupNames.Select(name => (GroupIndex, name))],
    };

    public static readonly DocumentKind<GroupDocument> Groups = new()
    {
        Name = "iam.group",
        Json = s_json.GroupDocument,
        Indexes = (_, group) => Attached(group),
    };

    public static readonly DocumentKind<AccessKeyDocument> AccessKeys = new()
    {
        Name = "iam.access-key",
        Json = s_json.AccessKeyDocument,
        Secret = true,
    };

    public static readonly DocumentKind<RoleDocument> Roles = new()
    {
        Name = "iam.role",
        Json = s_json.RoleDocument,
        Indexes = (_, role) => [.. Attached(role), .. Bounded(role.PermissionsBoundaryArn)],
    };

    public static readonly DocumentKind<InstanceProfileDocument> InstanceProfiles = new()
    {
        Name = "iam.instance-profile",
        Json = s_json.InstanceProfileDocument,
    };

    public static readonly DocumentKind<OidcProviderDocument> OidcProviders = new()
    {
        Name = "iam.oidc-provider",
        Json = s_json.OidcProviderDocument,
    };

    public static readonly DocumentKind<AccountDocument> Accounts = new() { Name = "iam.account", Json = s_json.AccountDocument };

    public static readonly DocumentKind<PolicyDocument> Policies = new() { Name = "iam.policy", Json = s_json.PolicyDocument };

    public static readonly DocumentKind<RevocationDocument> Revocations = new()
    {
        Name = "iam.revocation",
        Json = s_json.RevocationDocument,
    };

    /// <summary>IAM tells names apart regardless of case, and so do these document names.</summary>
    public static string NameOf(string iamName) => iamName.ToLowerInvariant();

    private static IEnumerable<(string Index, string Value)> Attached(IdentityDocument identity) =>
        identity.AttachedPolicyArns.Select(arn => (AttachedIndex, arn));

    private static IEnumerable<(string Index, string Value)> Bounded(string? arn) => arn is null ? [] : [(BoundaryIndex, arn)];
}

[JsonSerializable(typeof(UserDocument))]
[JsonSerializable(typeof(GroupDocument))]
[JsonSerializable(typeof(InstanceProfileDocument))]
[JsonSerializable(typeof(OidcProviderDocument))]
[JsonSerializable(typeof(AccountDocument))]
[JsonSerializable(typeof(AccessKeyDocument))]
[JsonSerializable(typeof(RoleDocument))]
[JsonSerializable(typeof(PolicyDocument))]
[JsonSerializable(typeof(RevocationDocument))]
internal sealed partial class AccessJson : JsonSerializerContext;
