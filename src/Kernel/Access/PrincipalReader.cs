using Longspan.Kernel.Access.Documents;
using Longspan.Kernel.Access.Policies;
using Longspan.Store.Documents;

namespace Longspan.Kernel.Access;

/// <summary>
/// Finds the policies that bear on a caller: those of its user or role, the boundary's, the session's. What was read is kept until any access
/// document changes. Who is not who they were (a user or role made again under its old name) has no policies, and so may do nothing.
/// </summary>
internal sealed class PrincipalReader(DocumentLog documents, string accountId)
{
    /// <summary>More kept identities or managed policies than this and the memory starts over.</summary>
    public const int MaximumKept = 4096;

    private static readonly Dictionary<string, string> s_noTags = [];
    private static readonly Policy s_nothing = new(Policy.CurrentVersion, null, []);

    private readonly AccessCache<Identity> _identities = new(AccessChanges.Of(documents), MaximumKept);
    private readonly AccessCache<NamedPolicy> _managed = new(AccessChanges.Of(documents), MaximumKept);

    /// <summary>What users, groups and roles have in common.</summary>
    private sealed record Identity(
        string UniqueId, string? UserName, IReadOnlyDictionary<string, string> Tags, IReadOnlyList<NamedPolicy> Policies, IReadOnlyList<NamedPolicy>? Boundary);

    public async ValueTask<Principal> ReadAsync(Caller caller, CancellationToken stop)
    {
        if (await FindAsync(caller, stop) is not { } identity)
        {
            return new Principal(caller);
        }
        return new Principal(caller)
        {
            UserName = caller.Session?.FederatingUser is null ? identity.UserName : null,
            Tags = caller.Session?.Tags is { Count: > 0 } tags ? Merge(identity.Tags, tags) : identity.Tags,
            Identity = identity.Policies,
            Boundary = identity.Boundary,
            Session = await SessionAsync(caller.Session, stop),
        };
    }

    private async ValueTask<Identity?> FindAsync(Caller caller, CancellationToken stop)
    {
        if (caller.Session?.FederatingUser is { } federating)
        {
            // That it still is the same user was found out with the key, a moment ago.
            return await UserAsync(AccessKinds.NameOf(federating), stop);
        }
        var parts = caller.ServicePrincipal is null && Arn.TryParse(caller.Arn, out var arn) ? arn.Resource.Split('/') : [];
        var identity = parts switch
        {
            ["user", .., var name] => await UserAsync(AccessKinds.NameOf(name), stop),
            // Nobody signs as a group; simulations try its policies.
            ["group", .., var name] => await GroupAsync(AccessKinds.NameOf(name), stop),
            ["assumed-role", var name, _] => await RoleAsync(AccessKinds.NameOf(name), stop),
            _ => null,
        };
        var colon = caller.UserId.IndexOf(':', StringComparison.Ordinal);
        return identity is not null && caller.UserId.AsSpan(0, colon < 0 ? caller.UserId.Length : colon).SequenceEqual(identity.UniqueId) ? identity : null;
    }

    private async ValueTask<Identity?> UserAsync(string name, CancellationToken stop)
    {
        var key = "user/" + name;
        if (_identities.TryGet(key, out var kept))
        {
            return kept;
        }
        var now = _identities.Now;
        if (await documents.GetAsync(AccessKinds.Users, accountId, name, stop) is not { Value: var user })
        {
            return null;
        }
        var policies = await PoliciesAsync(user, PolicySource.User, stop);
        foreach (var group in user.GroupNames)
        {
            policies.AddRange((await GroupAsync(group, stop))?.Policies ?? []);
        }
        if (user.IsAdministrator)
        {
            // Administrators themselves are not asked; this is for those whom they let in.
            policies.Add(await ManagedAsync(ManagedPolicies.ArnOf("AdministratorAccess"), stop));
        }
        var boundary = await BoundaryAsync(user.PermissionsBoundaryArn, stop);
        return _identities.Keep(key, new Identity(user.UserId, user.UserName, user.Tags, policies, boundary), now);
    }

    private async ValueTask<Identity?> GroupAsync(string name, CancellationToken stop)
    {
        var key = "group/" + name;
        if (_identities.TryGet(key, out var kept))
        {
            return kept;
        }
        var now = _identities.Now;
        if (await documents.GetAsync(AccessKinds.Groups, accountId, name, stop) is not { Value: var group })
        {
            return null;
        }
        var policies = await PoliciesAsync(group, PolicySource.Group, stop);
        return _identities.Keep(key, new Identity(group.GroupId, null, s_noTags, policies, null), now);
    }

    private async ValueTask<Identity?> RoleAsync(string name, CancellationToken stop)
    {
        var key = "role/" + name;
        if (_identities.TryGet(key, out var kept))
        {
            return kept;
        }
        var now = _identities.Now;
        if (await documents.GetAsync(AccessKinds.Roles, accountId, name, stop) is not { Value: var role })
        {
            return null;
        }
        var policies = await PoliciesAsync(role, PolicySource.Role, stop);
        var boundary = await BoundaryAsync(role.PermissionsBoundaryArn, stop);
        return _identities.Keep(key, new Identity(role.RoleId, null, role.Tags, policies, boundary), now);
    }

    private async ValueTask<List<NamedPolicy>> PoliciesAsync(IdentityDocument identity, PolicySource source, CancellationToken stop)
    {
        List<NamedPolicy> policies = [.. identity.InlinePolicies.Select(p => new NamedPolicy(p.Key, source, PolicyTexts.Read(p.Value, PolicyUse.Identity)))];
        foreach (var arn in identity.AttachedPolicyArns)
        {
            policies.Add(await ManagedAsync(arn, stop));
        }
        return policies;
    }

    private async ValueTask<IReadOnlyList<NamedPolicy>?> BoundaryAsync(string? arn, CancellationToken stop) =>
        arn is null ? null : [await ManagedAsync(arn, stop)];

    private async ValueTask<IReadOnlyList<NamedPolicy>?> SessionAsync(CallerSession? session, CancellationToken stop)
    {
        if (session is null or { Policy: null, PolicyArns: null })
        {
            // A federated user has what its session's policies allow, so without any it has nothing.
            return session?.FederatingUser is null ? null : [];
        }
        List<NamedPolicy> policies = [];
        if (session.Policy is { } text)
        {
            policies.Add(new NamedPolicy("session", PolicySource.None, PolicyTexts.Read(text, PolicyUse.Identity)));
        }
        foreach (var arn in session.PolicyArns ?? [])
        {
            policies.Add(await ManagedAsync(arn, stop));
        }
        return policies;
    }

    /// <summary>A managed policy's default version. One that is gone allows nothing.</summary>
    private async ValueTask<NamedPolicy> ManagedAsync(string arn, CancellationToken stop)
    {
        if (_managed.TryGet(arn, out var kept))
        {
            return kept;
        }
        var now = _managed.Now;
        if (ManagedPolicies.TextOf(arn) is { } ours)
        {
            return _managed.Keep(arn, new NamedPolicy(arn, PolicySource.AwsManaged, PolicyTexts.Read(ours, PolicyUse.Identity)), now);
        }
        var found = Arn.TryParse(arn, out var parsed) && parsed.AccountId == accountId
            ? await documents.GetAsync(AccessKinds.Policies, accountId, AccessKinds.NameOf(parsed.Name), stop)
            : null;
        var policy = found is { Value: var document } && document.ArnIn(accountId).Equals(arn, StringComparison.OrdinalIgnoreCase)
            && document.Versions.FirstOrDefault(v => v.VersionId == document.DefaultVersionId) is { } version
            ? PolicyTexts.Read(version.Text, PolicyUse.Identity)
            : s_nothing;
        return _managed.Keep(arn, new NamedPolicy(arn, PolicySource.UserManaged, policy), now);
    }

    private static Dictionary<string, string> Merge(IReadOnlyDictionary<string, string> own, IReadOnlyDictionary<string, string> session)
    {
        var tags = new Dictionary<string, string>(own, StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in session)
        {
            tags[key] = value;
        }
        return tags;
    }
}
