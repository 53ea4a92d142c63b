using System.Collections.Frozen;

namespace Longspan.Kernel.Access.Policies;

/// <summary>
/// A context key as a policy names it, recognised once: <c>aws:PrincipalTag/team</c>, <c>ecs:cluster</c>. Keys know no case, and neither do
/// the tag keys in them.
/// </summary>
/// <param name="Text">As the policy spells it.</param>
/// <param name="Suffix">What follows the slash of a key that names a tag.</param>
internal sealed record ConditionKey(string Text, GlobalKey Global, string Suffix)
{
    private static readonly FrozenDictionary<string, GlobalKey> s_global =
        Enum.GetValues<GlobalKey>().Where(k => k is not (GlobalKey.None or GlobalKey.PrincipalTag or GlobalKey.RequestTag or GlobalKey.ResourceTag))
            .ToFrozenDictionary(k => "aws:" + k, StringComparer.OrdinalIgnoreCase);

    public static ConditionKey Of(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            return new ConditionKey(text, s_global.GetValueOrDefault(text), "");
        }
        var (name, suffix) = (text[..slash], text[(slash + 1)..]);
        if (name.Equals("aws:PrincipalTag", StringComparison.OrdinalIgnoreCase))
        {
            return new ConditionKey(text, GlobalKey.PrincipalTag, suffix);
        }
        if (name.Equals("aws:RequestTag", StringComparison.OrdinalIgnoreCase))
        {
            return new ConditionKey(text, GlobalKey.RequestTag, suffix);
        }
        // Services have keys of their own for the same thing: ecs:ResourceTag/…, ssm:resourceTag/….
        return new ConditionKey(text, name.EndsWith(":ResourceTag", StringComparison.OrdinalIgnoreCase) ? GlobalKey.ResourceTag : GlobalKey.None, suffix);
    }
}

/// <summary>The keys that every service has, named as after <c>aws:</c>.</summary>
internal enum GlobalKey
{
    None,
    PrincipalArn, PrincipalAccount, PrincipalType, PrincipalTag, PrincipalIsAWSService, PrincipalServiceName,
    UserId, UserName, SourceIdentity, FederatedProvider, TokenIssueTime, MultiFactorAuthPresent,
    SourceIp, SecureTransport, UserAgent, RequestedRegion, CurrentTime, EpochTime, ViaAWSService,
    SourceArn, SourceAccount, ResourceAccount, RequestTag, ResourceTag, TagKeys,
}

/// <summary>The values that a request gives a key: none, one, or several.</summary>
internal readonly struct KeyValues
{
    private readonly string? _one;
    private readonly IReadOnlyList<string>? _many;

    public KeyValues(string? one) => _one = one;

    public KeyValues(IReadOnlyList<string>? many) => _many = many;

    public int Count => _one is not null ? 1 : _many?.Count ?? 0;

    public string this[int index] => _one ?? _many![index];
}
