namespace Longspan.Kernel;

/// <summary>
/// Who signed a request, as STS <c>GetCallerIdentity</c> would tell it. Built by the signature check from the key's owner.
/// </summary>
/// <param name="AccountId">Twelve digits.</param>
/// <param name="Arn"><c>arn:aws:iam::…:user/NAME</c>, <c>arn:aws:sts::…:assumed-role/ROLE/SESSION</c> or <c>arn:aws:iam::…:root</c>.</param>
/// <param name="UserId">The unique id: <c>AIDA…</c>, <c>AROA…:SESSION</c>, or the account for root.</param>
/// <param name="AccessKeyId">The key that signed.</param>
/// <param name="IsAdministrator">True for the account's own keys: they may do everything.</param>
public sealed record Caller(string AccountId, string Arn, string UserId, string AccessKeyId, bool IsAdministrator)
{
    private const string AnonymousName = "anonymous";

    /// <summary>The platform's own hand, for passes and calls between services that no user's role covers.</summary>
    public static Caller Platform(string accountId) => new(accountId, $"arn:aws:iam::{accountId}:root", accountId, "", true);

    /// <summary>
    /// A part of the platform acting as itself, as trust policies name it: <c>ecs-tasks.amazonaws.com</c>. It may take on the roles that
    /// trust it and nothing else. Never built from a request.
    /// </summary>
    /// <param name="sourceArn">The resource on whose behalf it acts, for conditions on <c>aws:SourceArn</c>: a task's ARN.</param>
    public static Caller ForService(string accountId, string servicePrincipal, string? sourceArn = null) =>
        new(accountId, servicePrincipal, servicePrincipal, "", false) { ServicePrincipal = servicePrincipal, SourceArn = sourceArn };

    /// <summary>A request that proved no identity; only operations that check proof of another sort accept it.</summary>
    public static Caller Anonymous(string accountId) => new(accountId, AnonymousName, AnonymousName, "", false);

    public string? ServicePrincipal { get; private init; }
    public string? SourceArn { get; private init; }
    /// <summary>What the session token of a temporary key says, as far as policies ask for it; null for long-lived keys.</summary>
    public CallerSession? Session { get; init; }
    /// <summary>
    /// What an offline session is bound to. Of a service: what the session that it asks for is to be bound to. Sessions that are taken on
    /// from a bound one are bound alike.
    /// </summary>
    public Access.OfflineClaims? Offline { get; init; }
    public bool IsAnonymous => UserId == AnonymousName;

    /// <summary>
    /// The name of a role's session, null for everyone else. The sessions that SSM hands to registered machines are named after the machine
    /// (<c>mi-…</c>), so a service that acts on a machine's behalf compares this with the machine that the request is about.
    /// </summary>
    public string? SessionName => Arn.Contains(":assumed-role/", StringComparison.Ordinal) ? Arn[(Arn.LastIndexOf('/') + 1)..] : null;
}

/// <summary>Someone for whom an identity provider vouched with a token, and the role that they asked for; whether they got it is another matter.</summary>
/// <param name="ProviderArn">The provider as it is registered here.</param>
/// <param name="Audience">The client that the token was made for.</param>
public sealed record WebIdentityUser(string ProviderArn, string Audience, string Subject, string RoleArn);

/// <summary>A temporary key's session as policies see it. Holds no secret.</summary>
public sealed record CallerSession
{
    public required DateTimeOffset IssuedAt { get; init; }
    /// <summary>The role with its path; null for a user's <c>GetSessionToken</c>.</summary>
    public string? RoleArn { get; init; }
    /// <summary>The inline session policy and the managed ones: what they do not allow, the session may not do.</summary>
    public string? Policy { get; init; }
    public IReadOnlyList<string>? PolicyArns { get; init; }
    public IReadOnlyDictionary<string, string>? Tags { get; init; }
    public IReadOnlyList<string>? TransitiveTagKeys { get; init; }
    public string? SourceIdentity { get; init; }
    /// <summary>The identity provider by whose token the role was assumed.</summary>
    public string? FederatedProvider { get; init; }
    /// <summary>The user who let a federated user in: what the user may not do, neither may the federated one.</summary>
    public string? FederatingUser { get; init; }
}
