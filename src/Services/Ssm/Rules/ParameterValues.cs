using System.Buffers;
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
    public const string PlainText = "text";
    private const string Image = "aws:ec2:image";
    private static readonly SearchValues<char> s_imageId = SearchValues.Create("0123456789abcdef");
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
    public static string Tier(string asked, string? present, string value, bool hasPolicies)
    {
        var size = Encoding.UTF8.GetByteCount(value);
        if (value.Length == 0)
        {
            throw SsmFaults.Constraint("value", "", "Member must have length greater than or equal to 1");
        }
        var tier = asked switch
        {
            "Standard" when hasPolicies => throw SsmFaults.Validation(
                "Parameter policies are supported for advanced parameters only. Choose the advanced-parameter tier, or leave the policies out."),
            "Standard" when present == "Advanced" => throw SsmFaults.Validation(
                "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the "
                + "standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a standard parameter."),
            "Standard" or "Advanced" => asked,
            "Intelligent-Tiering" => size > StandardSize || hasPolicies ? "Advanced" : present ?? "Standard",
            _ => throw SsmFaults.Constraint("tier", asked, "Member must satisfy enum value set: [Advanced, Intelligent-Tiering, Standard]"),
        };
        var limit = tier == "Advanced" ? AdvancedSize : StandardSize;
        return size <= limit
            ? tier
            : throw SsmFaults.Validation(
                $"{tier} tier parameters support a maximum parameter value of {limit} characters."
                + (tier == "Standard" ? " To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier." : ""));
    }

    /// <summary>Values don't refer to parameters, and are not to look as if they did.</summary>
    public static void CheckNesting(string value)
    {
        var open = value.IndexOf("{{", StringComparison.Ordinal);
        if (open >= 0 && value.IndexOf("}}", open, StringComparison.Ordinal) > 0)
        {
            throw SsmFaults.Validation("Parameter value can't nest another parameter. Do not use \"{{}}\" in the value.");
        }
    }

    /// <summary>An image's id is checked for its form: there are no images here to look for.</summary>
    public static void CheckDataType(string dataType, string type, string value)
    {
        var isRight = dataType switch
        {
            PlainText => true,
            Image => type == "String" && value.StartsWith("ami-", StringComparison.Ordinal) && value.Length is >= 12 and <= 21
                && value.AsSpan(4).IndexOfAnyExcept(s_imageId) < 0,
            _ => throw SsmFaults.Validation($"The following data type is not supported: {dataType} (Data type names are all lowercase.)"),
        };
        if (!isRight)
        {
            throw SsmFaults.Validation($"The value of a parameter with the data type {Image} must be an AMI ID such as ami-12345abcdef00, its type String.");
        }
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
    /// The value as it is shown: a secure string that nobody asked to decrypt is shown as it is stored, encrypted. One from before there was a key service is
    /// shown as a ciphertext that only this service can open, another one each time.
    /// </summary>
    public static async ValueTask<string> ShownAsync(SsmContext cx, ParameterDocument parameter, bool decrypt, CancellationToken stop) =>
        parameter.Type != SecureString ? parameter.Value
            : decrypt ? await SecureStrings.OpenAsync(cx, parameter, stop)
            : parameter.Sealing is not null ? parameter.Value
            : Convert.ToBase64String(cx.Values.Seal(Encoding.UTF8.GetBytes(parameter.Value), parameter.Name));
}
