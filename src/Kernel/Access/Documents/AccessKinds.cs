using System.Text.Json.Serialization;
using Longspan.Store.Documents;

namespace Longspan.Kernel.Access.Documents;

/// <summary>
/// The kinds of access control, all in the scope that is just the account id: identities know no region. Their names start with
/// <c>iam.</c>, by which <see cref="AccessChanges"/> knows them.
/// </summary>
public static class AccessKinds
{
    /// <summary>Index of users, roles: the ARNs of the managed policies attached to them.</summary>
    public const string AttachedIndex = "attached";

    private static readonly AccessJson s_json = new(new System.Text.Json.JsonSerializerOptions
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        PropertyNamingPolicy = System.Text.Json.JsonNamingPolicy.CamelCase,
    });

    public static readonly DocumentKind<UserDocument> Users = new()
    {
        Name = "iam.user",
        Json = s_json.UserDocument,
        Indexes = (_, user) => user.AttachedPolicyArns.Select(arn => (AttachedIndex, arn)),
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
        Indexes = (_, role) => role.AttachedPolicyArns.Select(arn => (AttachedIndex, arn)),
    };

    public static readonly DocumentKind<PolicyDocument> Policies = new() { Name = "iam.policy", Json = s_json.PolicyDocument };

    public static readonly DocumentKind<RevocationDocument> Revocations = new()
    {
        Name = "iam.revocation",
        Json = s_json.RevocationDocument,
    };

    /// <summary>IAM tells names apart regardless of case, and so do these document names.</summary>
    public static string NameOf(string iamName) => iamName.ToLowerInvariant();
}

[JsonSerializable(typeof(UserDocument))]
[JsonSerializable(typeof(AccessKeyDocument))]
[JsonSerializable(typeof(RoleDocument))]
[JsonSerializable(typeof(PolicyDocument))]
[JsonSerializable(typeof(RevocationDocument))]
internal sealed partial class AccessJson : JsonSerializerContext;
