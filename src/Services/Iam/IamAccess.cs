using Longspan.Api.Iam;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam;

/// <summary>
/// What IAM's operations ask of the policies. ARNs of users, roles and policies hold their path, which a request does not give: the
/// document tells it. What does not exist is asked about as if it had none, so that nobody learns by it what does.
/// </summary>
internal static class IamAccess
{
    private const string Boundary = "iam:PermissionsBoundary";
    private const string Attached = "iam:PolicyARN";
    private const string OwnTagKey = "iam:ResourceTag";

    public static async ValueTask<AccessDemand> UserAsync(IamContext cx, string action, string? userName, CancellationToken stop)
    {
        var name = IamChecks.Name("userName", Identities.NameOrCaller(cx, userName), IamLimits.UserNameLength);
        var user = await cx.Documents.GetAsync(AccessKinds.Users, cx.AccountId, AccessKinds.NameOf(name), stop);
        return new AccessDemand(action, user?.Value.ArnIn(cx.AccountId) ?? ArnOf(cx, $"user/{name}"))
        {
            Keys = AccessRules.Keys((Boundary, user?.Value.PermissionsBoundaryArn)),
        }.Tagged(user?.Value.Tags, OwnTagKey);
    }

    public static async ValueTask<AccessDemand> RoleAsync(IamContext cx, string action, string? roleName, CancellationToken stop)
    {
        var name = IamChecks.Name("roleName", roleName, IamLimits.RoleNameLength);
        var role = await cx.Documents.GetAsync(AccessKinds.Roles, cx.AccountId, AccessKinds.NameOf(name), stop);
        return new AccessDemand(action, role?.Value.ArnIn(cx.AccountId) ?? ArnOf(cx, $"role/{name}"))
        {
            Keys = AccessRules.Keys((Boundary, role?.Value.PermissionsBoundaryArn)),
        }.Tagged(role?.Value.Tags, OwnTagKey);
    }

    public static async ValueTask<AccessDemand> GroupAsync(IamContext cx, string action, string? name, CancellationToken stop)
    {
        var group = await FindAsync(cx, AccessKinds.Groups, name, stop);
        return new AccessDemand(action, group?.ArnIn(cx.AccountId) ?? ArnOf(cx, $"group/{name}"));
    }

    public static async ValueTask<AccessDemand> ProfileAsync(IamContext cx, string action, string? name, CancellationToken stop)
    {
        var profile = await FindAsync(cx, AccessKinds.InstanceProfiles, name, stop);
        return new AccessDemand(action, profile?.ArnIn(cx.AccountId) ?? ArnOf(cx, $"instance-profile/{name}")).Tagged(profile?.Tags, OwnTagKey);
    }

    public static async ValueTask<AccessDemand> ProviderAsync(IamContext cx, string action, string? arn, CancellationToken stop)
    {
        var prefix = ArnOf(cx, "oidc-provider/");
        var isOurs = arn?.StartsWith(prefix, StringComparison.Ordinal) == true;
        var provider = isOurs ? await FindAsync(cx, AccessKinds.OidcProviders, arn![prefix.Length..], stop) : null;
        return new AccessDemand(action, arn ?? "*").Tagged(provider?.Tags, OwnTagKey);
    }

    /// <summary>A policy is named by its ARN; the document only tells its tags.</summary>
    public static async ValueTask<AccessDemand> PolicyAsync(IamContext cx, string action, string? arn, CancellationToken stop)
    {
        if (!Arn.TryParse(arn, out var parsed))
        {
            throw IamFaults.Validation($"ARN {arn} is not valid.");
        }
        var policy = parsed.AccountId == cx.AccountId ? await FindAsync(cx, AccessKinds.Policies, parsed.Name, stop) : null;
        return new AccessDemand(action, arn!).Tagged(policy?.Tags, OwnTagKey);
    }

    /// <summary>The same question about one managed policy that is attached or detached.</summary>
    public static AccessDemand About(AccessDemand demand, string? policyArn) => demand.With(AccessRules.Keys((Attached, policyArn)));

    /// <summary>The same question about a boundary that is set.</summary>
    public static AccessDemand Bounded(AccessDemand demand, string? boundaryArn) => demand.With(AccessRules.Keys((Boundary, boundaryArn)));

    public static AccessDemand ServiceLinkedRole(IamContext cx, string action, string? service) =>
        new(action, ArnOf(cx, $"role/aws-service-role/{service}/*")) { Keys = AccessRules.Keys(("iam:AWSServiceName", service)) };

    public static IReadOnlyList<AccessDemand> CreateUser(IamContext cx, CreateUserRequest request) => Creation(
        "User", ArnOf(cx, $"user{IamChecks.Path(request.Path)}{request.UserName}"), request.PermissionsBoundary, Tags(request.Tags));

    public static IReadOnlyList<AccessDemand> CreateRole(IamContext cx, CreateRoleRequest request) => Creation(
        "Role", ArnOf(cx, $"role{IamChecks.Path(request.Path)}{request.RoleName}"), request.PermissionsBoundary, Tags(request.Tags));

    public static IReadOnlyList<AccessDemand> CreatePolicy(IamContext cx, CreatePolicyRequest request) => Creation(
        "Policy", ArnOf(cx, $"policy{IamChecks.Path(request.Path)}{request.PolicyName}"), null, Tags(request.Tags));

    public static IReadOnlyList<AccessDemand> CreateInstanceProfile(IamContext cx, CreateInstanceProfileRequest request) => Creation(
        "InstanceProfile", ArnOf(cx, $"instance-profile{IamChecks.Path(request.Path)}{request.InstanceProfileName}"), null, Tags(request.Tags));

    public static IReadOnlyList<AccessDemand> CreateProvider(IamContext cx, CreateOpenIDConnectProviderRequest request, string name) =>
        Creation("OpenIDConnectProvider", ArnOf(cx, $"oidc-provider/{name}"), null, Tags(request.Tags));

    /// <summary>Lists are about all users or roles below a path.</summary>
    public static AccessDemand Listing(IamContext cx, string action, string kind, string? pathPrefix) =>
        new(action, ArnOf(cx, kind + (string.IsNullOrEmpty(pathPrefix) ? "/" : pathPrefix)));

    /// <summary>The key's owner decides; of a key that does not exist, only those may know who may ask about anything.</summary>
    public static async ValueTask<IReadOnlyList<AccessDemand>> KeyUseAsync(
        IamContext cx, GetAccessKeyLastUsedRequest request, CancellationToken stop)
    {
        const string Action = "iam:GetAccessKeyLastUsed";
        var key = await cx.Documents.GetAsync(AccessKinds.AccessKeys, cx.AccountId, AccessKeyOwners.CheckId(request.AccessKeyId ?? ""), stop);
        return [key is null ? new AccessDemand(Action, "*") : await UserAsync(cx, Action, key.Value.UserName, stop)];
    }

    public static IReadOnlyDictionary<string, string>? Tags(IEnumerable<Tag>? tags) => AccessRules.Tags(tags, t => t.Key, t => t.Value);

    /// <summary>Who tags what it creates must also be allowed to tag.</summary>
    private static IReadOnlyList<AccessDemand> Creation(string kind, string arn, string? boundary, IReadOnlyDictionary<string, string>? tags)
    {
        var create = new AccessDemand($"iam:Create{kind}", arn) { Keys = AccessRules.Keys((Boundary, boundary)), RequestTags = tags };
        return tags is null ? [create] : [create, create with { Action = $"iam:Tag{kind}" }];
    }

    public static string ArnOf(IamContext cx, string resource) => $"arn:aws:iam::{cx.AccountId}:{resource}";

    private static async ValueTask<T?> FindAsync<T>(IamContext cx, DocumentKind<T> kind, string? name, CancellationToken stop)
        where T : class =>
        name is { Length: > 0 and <= IamLimits.ProviderUrlLength }
            ? (await cx.Documents.GetAsync(kind, cx.AccountId, AccessKinds.NameOf(name), stop))?.Value
            : null;
}
