namespace Longspan.Services.Ssm.Documents;

/// <summary>A registered machine: the key that it signs with, and what its agent last told about it.</summary>
public sealed record ManagedInstanceDocument
{
    public required string InstanceId { get; init; }
    public required string ActivationId { get; init; }
    public required string IamRole { get; init; }
    /// <summary>Ids of roles that it had before; their sessions are taken back too when the machine is deregistered.</summary>
    public IReadOnlyList<string> FormerRoleIds { get; init; } = [];
    public string? Name { get; init; }
    /// <summary>Base64 of the SubjectPublicKeyInfo.</summary>
    public required string PublicKey { get; init; }
    /// <summary>Good for fetching a role token until <see cref="PreviousKeyUntil"/>: the agent may not have heard that its rotation worked.</summary>
    public string? PreviousPublicKey { get; init; }
    public DateTimeOffset? PreviousKeyUntil { get; init; }
    public string? Fingerprint { get; init; }
    public required DateTimeOffset RegisteredAt { get; init; }
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
    public AgentReport Report { get; init; } = new();
    /// <summary>Written with the report and then hourly; the exact time of the last ping is only in memory.</summary>
    public DateTimeOffset? LastRecordedPing { get; init; }
}

/// <summary>What <c>UpdateInstanceInformation</c> told. An empty ping leaves out most of it and erases nothing.</summary>
public sealed record AgentReport
{
    public string? AgentName { get; init; }
    public string? AgentVersion { get; init; }
    public string? PlatformType { get; init; }
    public string? PlatformName { get; init; }
    public string? PlatformVersion { get; init; }
    public string? ComputerName { get; init; }
    public string? IpAddress { get; init; }
}
