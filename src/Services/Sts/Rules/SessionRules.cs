using Longspan.Api.Shapes;
using Longspan.Kernel;
using Longspan.Kernel.Access.Documents;
using Longspan.Kernel.Access.Policies;

namespace Longspan.Services.Sts.Rules;

/// <summary>What a new session of a role takes over from the session that asks for it, and what the role's trust policy must allow for that.</summary>
internal static class SessionRules
{
    /// <summary>Tags and transitive keys of the new session: what was asked for, on top of what the caller's session hands on.</summary>
    public static (IReadOnlyDictionary<string, string> Tags, IReadOnlyList<string> Transitive) Tags(
        Caller caller, IReadOnlyDictionary<string, string> asked, IReadOnlyList<string> transitive)
    {
        if (transitive.FirstOrDefault(key => !asked.Keys.Contains(key, StringComparer.OrdinalIgnoreCase)) is not null)
        {
            throw Invalid("The specified transitive tag key must be included in the requested tags.");
        }
        var tags = new Dictionary<string, string>(asked, StringComparer.OrdinalIgnoreCase);
        List<string> keys = [.. transitive];
        foreach (var key in caller.Session?.TransitiveTagKeys ?? [])
        {
            if (caller.Session!.Tags?.FirstOrDefault(t => t.Key.Equals(key, StringComparison.OrdinalIgnoreCase)) is not { Key: not null } inherited)
            {
                continue;
            }
            if (!tags.TryAdd(inherited.Key, inherited.Value))
            {
                throw Invalid("One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.");
            }
            keys.Add(inherited.Key);
        }
        return tags.Count <= AssumeRoleRules.MaximumTags
            ? (tags, keys)
            : throw Invalid($"A session may not have more than {AssumeRoleRules.MaximumTags} tags, those of the calling session among them.");
    }

    /// <summary>A source identity is set once and stays for the whole chain.</summary>
    public static string? SourceIdentity(Caller caller, string? asked, string roleArn)
    {
        var present = caller.Session?.SourceIdentity;
        return present is null || asked is null || asked == present
            ? present ?? asked
            : throw StsFaults.NotAuthorized(caller.Arn, "sts:SetSourceIdentity", roleArn);
    }

    /// <summary>The first thing that the trust policy does not let this caller do; null when it lets it do everything that the session needs.</summary>
    public static string? Refused(RoleDocument role, TrustRequest attempt)
    {
        List<string> actions = [attempt.Action];
        if (attempt.SessionTags is { Count: > 0 })
        {
            actions.Add("sts:TagSession");
        }
        if (attempt.SourceIdentity is not null)
        {
            actions.Add("sts:SetSourceIdentity");
        }
        return PolicyTexts.TryRead(role.TrustPolicy, PolicyUse.Trust) is { } trust
            ? actions.FirstOrDefault(action => !TrustRules.Allows(trust, attempt with { Action = action }))
            : attempt.Action;
    }

    private static AwsError Invalid(string message) => new("InvalidParameterValue", message);
}
