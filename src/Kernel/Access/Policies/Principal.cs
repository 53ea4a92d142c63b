namespace Longspan.Kernel.Access.Policies;

/// <summary>A caller with all that policies say about it and can ask of it.</summary>
public sealed record Principal(Caller Caller)
{
    private static readonly Dictionary<string, string> s_noTags = [];

    /// <summary>As <c>aws:PrincipalArn</c> tells it: a session's is its role.</summary>
    public string Arn => Caller.Session?.RoleArn ?? Caller.Arn;
    /// <summary>Set for users only.</summary>
    public string? UserName { get; init; }
    /// <summary>The identity's own tags under those of its session.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = s_noTags;
    /// <summary>Inline, attached and the groups': any of them may allow.</summary>
    public IReadOnlyList<NamedPolicy> Identity { get; init; } = [];
    /// <summary>What bounds the identity; null when nothing does.</summary>
    public IReadOnlyList<NamedPolicy>? Boundary { get; init; }
    /// <summary>What bounds the session; null when nothing does. Any of them may allow.</summary>
    public IReadOnlyList<NamedPolicy>? Session { get; init; }

    /// <summary>As <c>aws:PrincipalType</c> tells it.</summary>
    public string Type =>
        Caller.ServicePrincipal is not null ? "Service"
        : Caller.IsAnonymous ? "Anonymous"
        : Caller.SessionName is not null ? "AssumedRole"
        : Caller.Session?.FederatingUser is not null ? "FederatedUser"
        : Caller.Arn.EndsWith(":root", StringComparison.Ordinal) ? "Account"
        : "User";

    /// <summary>Services, machines and strangers have no policies of their own; only what belongs to the resource can let them in.</summary>
    public bool HasIdentity => UserName is not null || Caller.SessionName is not null || Caller.Session?.FederatingUser is not null;
}

/// <summary>A policy and where it comes from, as simulations tell it.</summary>
/// <param name="Id">The inline policy's name, or the managed policy's ARN.</param>
public sealed record NamedPolicy(string Id, PolicySource Source, Policy Policy);

public enum PolicySource
{
    User, Group, Role, AwsManaged, UserManaged, Resource, None,
}
