using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using Longspan.Kernel;
using Longspan.Kernel.Access.Policies;

namespace Longspan.Services.SecretsManager.Rules;

/// <summary>
/// Which conditions keep a statement for everybody from being public, as S3 defines that for its buckets: those that hold only for fixed values of
/// a key that tells who calls, for whom, or from where. Whatever also holds without the key (negations, <c>IfExists</c>, <c>ForAllValues</c>)
/// leaves the statement public, and so do wildcards and variables in place of the value.
/// </summary>
internal static class NarrowingConditions
{
    private const string AnyValue = "ForAnyValue:";
    /// <summary>Wider networks than these are everybody again.</summary>
    private const int WidestIpv4 = 8;
    private const int WidestIpv6 = 32;

    private static readonly FrozenSet<string> s_operators = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike");

    private static readonly FrozenSet<string> s_keys = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "aws:PrincipalAccount", "aws:PrincipalOrgID", "aws:SourceAccount", "aws:SourceOwner", "aws:SourceVpc", "aws:SourceVpce", "aws:userid");

    private static readonly FrozenSet<string> s_arnKeys =
        FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "aws:PrincipalArn", "aws:SourceArn");

    public static bool Narrows(PolicyCondition condition)
    {
        var name = condition.Operator.StartsWith(AnyValue, StringComparison.OrdinalIgnoreCase) ? condition.Operator[AnyValue.Length..] : condition.Operator;
        if (name.Equals("IpAddress", StringComparison.OrdinalIgnoreCase))
        {
            return condition.Key.Equals("aws:SourceIp", StringComparison.OrdinalIgnoreCase) && condition.Values.All(IsNetwork);
        }
        return s_operators.Contains(name)
            && ((s_keys.Contains(condition.Key) && condition.Values.All(IsFixed))
                || (s_arnKeys.Contains(condition.Key) && condition.Values.All(IsFixedArn)));
    }

    private static bool IsFixed(string value) => value.AsSpan().IndexOfAny('*', '?') < 0 && !value.Contains("${", StringComparison.Ordinal);

    // A pattern is as good as a fixed ARN when nothing but the resource in a fixed account is left open.
    private static bool IsFixedArn(string value) =>
        IsFixed(value) || (Arn.TryParse(value, out var arn) && arn.AccountId.Length > 0 && IsFixed(value[..^arn.Resource.Length]));

    private static bool IsNetwork(string value)
    {
        var slash = value.IndexOf('/', StringComparison.Ordinal);
        if (!IPAddress.TryParse(slash < 0 ? value : value[..slash], out var address))
        {
            return false;
        }
        var widest = address.GetAddressBytes().Length == 4 ? WidestIpv4 : WidestIpv6;
        return slash < 0 || (int.TryParse(value.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var bits) && bits >= widest);
    }
}
