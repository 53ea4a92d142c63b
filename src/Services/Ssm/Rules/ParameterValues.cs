using System.Text;
using System.Text.RegularExpressions;
using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Documents;

namespace Longspan.Services.Ssm.Rules;

/// <summary>What a parameter may hold: types, tiers, sizes and patterns.</summary>
internal static class ParameterValues
{
    public const string SecureString = "SecureString";
    public const string DefaultKey = "alias/aws/ssm";
    private const int StandardSize = 4096;
    private const int AdvancedSize = 8192;
    private const int MaximumPatternLength = 1024;
    private static readonly TimeSpan s_patternLimit = TimeSpan.FromMilliseconds(250);

    public static void CheckType(string type)
    {
        if (type is not ("String" or "StringList" or SecureString))
        {
            throw SsmFaults.Constraint("type", type, "Member must satisfy enum value set: [SecureString, StringList, String]");
        }
    }

    /// <summary>The tier that the parameter gets. An advanced parameter stays one.</summary>
    public static string Tier(string? asked, string? present, string value)
    {
        var size = Encoding.UTF8.GetByteCount(value);
        if (value.Length == 0)
        {
            throw SsmFaults.Constraint("value", "", "Member must have length greater than or equal to 1");
        }
        var tier = asked switch
        {
            null => present ?? "Standard",
            "Standard" when present == "Advanced" => throw SsmFaults.Validation(
                "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the "
                + "standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a standard parameter."),
            "Standard" or "Advanced" => asked,
            "Intelligent-Tiering" => size > StandardSize ? "Advanced" : present ?? "Standard",
            _ => throw SsmFaults.Constraint("tier", asked, "Member must satisfy enum value set: [Advanced, Intelligent-Tiering, Standard]"),
        };
        var limit = tier == "Advanced" ? AdvancedSize : StandardSize;
        return size <= limit
            ? tier
            : throw SsmFaults.Validation(
                $"{tier} tier parameters support a maximum parameter value of {limit} characters."
                + (tier == "Standard" ? " To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier." : ""));
    }

    public static void CheckPattern(string? pattern, string value)
    {
        if (string.IsNullOrEmpty(pattern))
        {
            return;
        }
        if (pattern.Length > MaximumPatternLength)
        {
            throw SsmFaults.Constraint("allowedPattern", pattern, $"Member must have length less than or equal to {MaximumPatternLength}");
        }
        try
        {
            // The pattern comes from a user: it may be slow on purpose.
            if (Regex.IsMatch(value, $"^(?:{pattern})$", RegexOptions.CultureInvariant, s_patternLimit))
            {
                return;
            }
        }
        catch (ArgumentException)
        {
            throw new InvalidAllowedPatternException("The request does not meet the regular expression requirement.");
        }
        catch (RegexMatchTimeoutException)
        {
            throw new InvalidAllowedPatternException("The regular expression takes too long on this value.");
        }
        throw new ParameterPatternMismatchException($"Parameter value, cannot be validated against allowedPattern: {pattern}");
    }

    /// <summary>
    /// The value as it is shown: a secure string that nobody asked to decrypt is shown as a ciphertext, another one each time, which only
    /// this service can open.
    /// </summary>
    public static string Shown(SsmContext cx, ParameterDocument parameter, bool decrypt) =>
        parameter.Type != SecureString || decrypt
            ? parameter.Value
            : Convert.ToBase64String(cx.Values.Seal(Encoding.UTF8.GetBytes(parameter.Value), parameter.Name));
}
