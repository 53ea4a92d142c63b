namespace Longspan.Kernel.Access.Policies;

/// <summary>How a statement of a resource's policy names a caller, from not at all to exactly.</summary>
public enum Naming
{
    No,
    /// <summary>By account: the choice is left to the policies of the account's identities.</summary>
    Account,
    /// <summary>Among others: everyone, or all sessions of a role.</summary>
    Group,
    /// <summary>This user, this session, this service.</summary>
    Exact,
}

/// <summary>
/// Who a statement's principals are: <c>Service</c> a service principal of that name; <c>Federated</c> the provider that vouched for the
/// caller; <c>AWS</c> the account (its id or root ARN: anyone in it), a user, a role (any session of it) or one session, by ARN or unique id.
/// <para>
/// The account's administrators, the platform's own hand among them, also pass an allow that names a service: they could rewrite the policy
/// anyway, and the control plane takes on task roles this way.
/// </para>
/// </summary>
internal static class PrincipalRules
{
    public static Naming Match(PolicyStatement statement, Principal principal, string? federatedProvider)
    {
        var caller = principal.Caller;
        if (statement.Principals is not { } principals)
        {
            return Naming.No;
        }
        var naming = Find(principals, caller, federatedProvider);
        if (statement.PrincipalsInverted)
        {
            return (statement.IsAllow ? naming != Naming.No : IsSpared(principals, principal, naming)) ? Naming.No : Naming.Group;
        }
        return naming == Naming.No && statement.IsAllow && caller.IsAdministrator && principals.Of("Service").Count > 0 ? Naming.Group : naming;
    }

    // Whom a deny is to spare must be named himself: a user, one session, root. The account beside him, which AWS wants named too, spares nobody
    // else, and a role none of its sessions. With a boundary nobody is spared (IAM User Guide, "NotPrincipal").
    private static bool IsSpared(PolicyPrincipals principals, Principal principal, Naming naming) =>
        principal.Boundary is null
        && (naming == Naming.Exact || (naming == Naming.Group && (principals.Anyone || principals.Of("AWS").Contains("*"))));

    private static Naming Find(PolicyPrincipals principals, Caller caller, string? federatedProvider)
    {
        var best = principals.Anyone ? Naming.Group : Naming.No;
        if (caller.ServicePrincipal is { } service)
        {
            return principals.Of("Service").Contains(service, StringComparer.OrdinalIgnoreCase) ? Naming.Exact : best;
        }
        if (federatedProvider is not null)
        {
            return principals.Of("Federated").Contains(federatedProvider, StringComparer.OrdinalIgnoreCase) ? Naming.Exact : best;
        }
        var named = principals.Of("AWS");
        for (var i = 0; i < named.Count; i++)
        {
            var principal = named[i];
            var naming = principal == "*" ? Naming.Group : caller.IsAnonymous ? Naming.No : Match(principal, caller);
            best = naming > best ? naming : best;
        }
        return best;
    }

    private static Naming Match(string principal, Caller caller)
    {
        if (principal == caller.Arn || principal == caller.UserId)
        {
            return Naming.Exact;
        }
        if (principal == caller.AccountId)
        {
            return Naming.Account;
        }
        Span<Range> parts = stackalloc Range[6];
        var text = principal.AsSpan();
        if (!text.StartsWith("arn:", StringComparison.Ordinal) || text.Split(parts, ':') < parts.Length)
        {
            // A role's unique id stands for every session of it.
            return caller.UserId.Length > text.Length && caller.UserId[text.Length] == ':' && caller.UserId.AsSpan().StartsWith(text, StringComparison.Ordinal)
                ? Naming.Group
                : Naming.No;
        }
        if (!text[parts[4]].SequenceEqual(caller.AccountId))
        {
            return Naming.No;
        }
        var resource = text[parts[5]];
        if (resource.SequenceEqual("root"))
        {
            return Naming.Account;
        }
        return text[parts[2]].SequenceEqual("iam") && resource.StartsWith("role/", StringComparison.Ordinal)
            && resource[(resource.LastIndexOf('/') + 1)..].Equals(RoleOf(caller.Arn), StringComparison.OrdinalIgnoreCase)
            ? Naming.Group
            : Naming.No;
    }

    /// <summary>The role's name in a session's ARN; of any other ARN a text that is no name.</summary>
    private static ReadOnlySpan<char> RoleOf(string callerArn)
    {
        const string session = ":assumed-role/";
        var start = callerArn.IndexOf(session, StringComparison.Ordinal);
        if (start < 0)
        {
            return "/";
        }
        var name = callerArn.AsSpan(start + session.Length);
        var slash = name.IndexOf('/');
        return slash < 0 ? "/" : name[..slash];
    }
}
