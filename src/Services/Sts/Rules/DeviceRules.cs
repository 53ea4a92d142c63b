namespace Longspan.Services.Sts.Rules;

/// <summary>
/// There are no MFA devices here, so every code is a wrong one. To overlook one would make callers believe that somebody had checked it.
/// </summary>
internal static class DeviceRules
{
    private const int CodeLength = 6;

    public static void Check(string? serialNumber, string? tokenCode)
    {
        if (serialNumber is { Length: < 9 or > 256 })
        {
            throw StsFaults.Constraint("serialNumber", serialNumber, "Member must have length between 9 and 256, inclusive");
        }
        if (serialNumber?.All(c => char.IsAsciiLetterOrDigit(c) || "_+=/:,.@-".Contains(c, StringComparison.Ordinal)) == false)
        {
            throw StsFaults.Constraint("serialNumber", serialNumber, @"Member must satisfy regular expression pattern: [\w+=/:,.@-]*");
        }
        // The value is a credential, however short-lived.
        if (tokenCode is not (null or { Length: CodeLength }))
        {
            throw StsFaults.Constraint("tokenCode", "", $"Member must have length equal to {CodeLength}");
        }
        if (tokenCode?.All(char.IsAsciiDigit) == false)
        {
            throw StsFaults.Constraint("tokenCode", "", @"Member must satisfy regular expression pattern: [\d]*");
        }
    }

    public static void RequireNone(string? serialNumber, string? tokenCode)
    {
        if (serialNumber is not null && tokenCode is not null)
        {
            throw StsFaults.AccessDenied(
                "MultiFactorAuthentication failed, unable to validate MFA code. Please verify your MFA serial number is valid and associated with this user.");
        }
        if (serialNumber is not null || tokenCode is not null)
        {
            throw StsFaults.AccessDenied("MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.");
        }
    }
}
