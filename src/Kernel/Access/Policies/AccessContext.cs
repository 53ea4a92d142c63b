using System.Globalization;
using System.Net;

namespace Longspan.Kernel.Access.Policies;

/// <summary>All that conditions and variables can ask about one question: who asks, for what, from where, when.</summary>
public sealed class AccessContext(Principal principal, AccessDemand demand)
{
    public Principal Principal { get; } = principal;
    public AccessDemand Demand { get; } = demand;
    public DateTimeOffset Now { get; init; }
    public string? Region { get; init; }
    public IPAddress? SourceAddress { get; init; }
    public string? UserAgent { get; init; }
    /// <summary>The request came over TLS, or never left this process.</summary>
    public bool IsEncrypted { get; init; }
    /// <summary>A service makes this call while it works for the principal.</summary>
    public bool IsBetweenServices { get; init; }
    /// <summary>
    /// Set by simulations, which know a request only by what they are told: its keys have these values, and beside them only the principal's
    /// own have any.
    /// </summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Told { get; init; }

    /// <summary>The question that a call asks.</summary>
    public static AccessContext Of(CallContext call, Principal principal, AccessDemand demand) => new(principal, demand)
    {
        Now = call.Now,
        Region = call.Region,
        SourceAddress = call.SourceAddress,
        UserAgent = call.UserAgent,
        IsEncrypted = call.IsEncrypted || call.IsBetweenServices,
        IsBetweenServices = call.IsBetweenServices,
    };

    internal KeyValues Find(ConditionKey key)
    {
        if (Told is not null)
        {
            return In(Told, key.Text) is { } told ? new KeyValues(told)
                : key.Global == GlobalKey.PrincipalTag ? FindGlobal(key) : FindIdentity(key.Global);
        }
        return Demand.Keys.Count > 0 && In(Demand.Keys, key.Text) is { } own ? new KeyValues(own) : FindGlobal(key);
    }

    private KeyValues FindGlobal(ConditionKey key) => key.Global switch
    {
        GlobalKey.None => default,
        GlobalKey.PrincipalTag => new(Tag(Principal.Tags, key.Suffix)),
        GlobalKey.RequestTag => new(Tag(Demand.RequestTags, key.Suffix)),
        GlobalKey.ResourceTag => new(Tag(Demand.ResourceTags, key.Suffix)),
        GlobalKey.TagKeys => new(Demand.RequestTags is { Count: > 0 } tags ? [.. tags.Keys] : (string[]?)null),
        GlobalKey.SourceIp => new(Address()),
        GlobalKey.SecureTransport => new(Flag(IsEncrypted)),
        GlobalKey.UserAgent => new(UserAgent),
        GlobalKey.RequestedRegion => new(Region),
        GlobalKey.CurrentTime => new(Time(Now)),
        GlobalKey.EpochTime => new(Now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)),
        GlobalKey.ViaAWSService => new(Flag(IsBetweenServices && Principal.Caller.ServicePrincipal is null)),
        GlobalKey.ResourceAccount => new(Arn.TryParse(Demand.Resource, out var arn) && arn.AccountId.Length > 0 ? arn.AccountId : Principal.Caller.AccountId),
        _ => FindIdentity(key.Global),
    };

    private KeyValues FindIdentity(GlobalKey key)
    {
        var caller = Principal.Caller;
        return key switch
        {
            // What a service does for itself has a source in place of a principal.
            GlobalKey.PrincipalIsAWSService => new(Flag(caller.ServicePrincipal is not null)),
            GlobalKey.PrincipalServiceName => new(caller.ServicePrincipal),
            GlobalKey.SourceArn => new(caller.SourceArn),
            GlobalKey.SourceAccount => new(caller.ServicePrincipal is null ? null : caller.AccountId),
            GlobalKey.PrincipalType => new(Principal.Type),
            _ when caller.ServicePrincipal is not null => default,
            GlobalKey.UserId => new(caller.UserId),
            _ when caller.IsAnonymous => default,
            GlobalKey.PrincipalArn => new(Principal.Arn),
            GlobalKey.PrincipalAccount => new(caller.AccountId),
            GlobalKey.UserName => new(Principal.UserName),
            GlobalKey.SourceIdentity => new(caller.Session?.SourceIdentity),
            GlobalKey.FederatedProvider => new(caller.Session?.FederatedProvider),
            GlobalKey.TokenIssueTime => new(caller.Session is { } session ? Time(session.IssuedAt) : null),
            // Long-lived keys do not have this key at all; there is no other factor yet that a session could have been opened with.
            GlobalKey.MultiFactorAuthPresent => new(caller.Session is null ? null : "false"),
            _ => default,
        };
    }

    private string? Address() =>
        SourceAddress is null ? null : (SourceAddress.IsIPv4MappedToIPv6 ? SourceAddress.MapToIPv4() : SourceAddress).ToString();

    private static string Flag(bool value) => value ? "true" : "false";

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string? Tag(IReadOnlyDictionary<string, string>? tags, string key)
    {
        if (tags is not { Count: > 0 })
        {
            return null;
        }
        if (tags.TryGetValue(key, out var exact))
        {
            return exact;
        }
        foreach (var (name, value) in tags)
        {
            if (name.Equals(key, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }
        return null;
    }

    private static IReadOnlyList<string>? In(IReadOnlyDictionary<string, IReadOnlyList<string>> keys, string key)
    {
        if (keys.TryGetValue(key, out var exact))
        {
            return exact;
        }
        foreach (var (name, values) in keys)
        {
            if (name.Equals(key, StringComparison.OrdinalIgnoreCase))
            {
                return values;
            }
        }
        return null;
    }
}
