using Longspan.Api.Iam;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Rules;

/// <summary>
/// What operations ask of the policies about things whose ARN has a path, which only their documents know. Something that does not
/// exist is asked about under the path <c>/</c>, so that who may not see it is refused either way.
/// </summary>
internal static class IamDemands
{
    public static async ValueTask<AccessDemand> UserAsync(IamContext cx, string action, string? name, CancellationToken stop)
    {
        var user = await FindAsync(cx, AccessKinds.Users, name, stop);
        return new AccessDemand(action, user?.ArnIn(cx.AccountId) ?? ArnOf(cx, "user/", name)) { ResourceTags = user?.Tags };
    }

    public static async ValueTask<AccessDemand> GroupAsync(IamContext cx, string action, string? name, CancellationToken stop)
    {
        var group = await FindAsync(cx, AccessKinds.Groups, name, stop);
        return new AccessDemand(action, group?.ArnIn(cx.AccountId) ?? ArnOf(cx, "group/", name));
    }

    public static async ValueTask<AccessDemand> RoleAsync(IamContext cx, string action, string? name, CancellationToken stop)
    {
        var role = await FindAsync(cx, AccessKinds.Roles, name, stop);
        return new AccessDemand(action, role?.ArnIn(cx.AccountId) ?? ArnOf(cx, "role/", name)) { ResourceTags = role?.Tags };
    }

    public static async ValueTask<AccessDemand> ProfileAsync(IamContext cx, string action, string? name, CancellationToken stop)
    {
        var profile = await FindAsync(cx, AccessKinds.InstanceProfiles, name, stop);
        return new AccessDemand(action, profile?.ArnIn(cx.AccountId) ?? ArnOf(cx, "instance-profile/", name)) { ResourceTags = profile?.Tags };
    }

    public static async ValueTask<AccessDemand> ProviderAsync(IamContext cx, string action, string? arn, CancellationToken stop)
    {
        var prefix = ArnOf(cx, "oidc-provider/", "");
        var isOurs = arn?.StartsWith(prefix, StringComparison.Ordinal) == true;
        var provider = isOurs ? await FindAsync(cx, AccessKinds.OidcProviders, arn![prefix.Length..], stop) : null;
        return new AccessDemand(action, arn ?? "*") { ResourceTags = provider?.Tags };
    }

    public static async ValueTask<AccessDemand> PolicyAsync(IamContext cx, string action, string? arn, CancellationToken stop)
    {
        var policy = arn is null || arn.StartsWith(ArnOf(cx, "policy/", ""), StringComparison.Ordinal)
            ? await FindAsync(cx, AccessKinds.Policies, arn?[(arn.LastIndexOf('/') + 1)..], stop)
            : null;
        return new AccessDemand(action, arn ?? "*") { ResourceTags = policy?.Tags };
    }

    public static string ArnOf(IamContext cx, string resource, string? name) => $"arn:aws:iam::{cx.AccountId}:{resource}{name}";

    /// <summary>Adds one of IAM's own condition keys, when the request gives it a value: <c>iam:PolicyARN</c>.</summary>
    public static AccessDemand With(this AccessDemand demand, string key, string? value) => value is null
        ? demand
        : demand with { Keys = new Dictionary<string, IReadOnlyList<string>>(demand.Keys) { [key] = [value] } };

    public static AccessDemand Tagging(this AccessDemand demand, IEnumerable<Tag>? tags) => tags is null
        ? demand
        : demand with { RequestTags = tags.Where(t => t.Key is not null).DistinctBy(t => t.Key).ToDictionary(t => t.Key!, t => t.Value ?? "") };

    private static async ValueTask<T?> FindAsync<T>(IamContext cx, DocumentKind<T> kind, string? name, CancellationToken stop)
        where T : class =>
        name is { Length: > 0 and <= IamLimits.ProviderUrlLength }
            ? (await cx.Documents.GetAsync(kind, cx.AccountId, AccessKinds.NameOf(name), stop))?.Value
            : null;
}
