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
    public static Naming Match(PolicyStatement statement, Caller caller, string? federatedProvider)
    {
        if (statement.Principals is not { } principals)
        {
            return Naming.No;
        }
        var naming = Find(principals, caller, federatedProvider);
        if (statement.PrincipalsInverted)
        {
            return naming == Naming.No ? Naming.Group : Naming.No;
        }
        return naming == Naming.No && statement.IsAllow && caller.IsAdministrator && principals.Of("Service").Count > 0 ? Naming.Group : naming;
    }

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
        foreach (var principal in principals.Of("AWS"))
        {
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
        if (!Arn.TryParse(principal, out var named))
        {
            // A role's unique id stands for every session of it.
            return caller.UserId.StartsWith(principal + ":", StringComparison.Ordinal) ? Naming.Group : Naming.No;
        }
        if (named.AccountId != caller.AccountId)
        {
            return Naming.No;
        }
        if (named.Resource == "root")
        {
            return Naming.Account;
        }
        return named.Service == "iam" && named.Resource.StartsWith("role/", StringComparison.Ordinal)
            && Arn.TryParse(caller.Arn, out var arn) && arn.Service == "sts"
            && arn.Resource.StartsWith($"assumed-role/{named.Name}/", StringComparison.OrdinalIgnoreCase)
            ? Naming.Group
            : Naming.No;
    }
}
