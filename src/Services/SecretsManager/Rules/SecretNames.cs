using Longspan.Api.Shapes;
using Longspan.Kernel;

namespace Longspan.Services.SecretsManager.Rules;

/// <summary>Names of secrets, and the three ways in which a request may refer to one.</summary>
internal static class SecretNames
{
    public const int SuffixLength = 6;
    private const int MaximumLength = 512;
    private const int MaximumReference = 2048;
    private const string ResourcePrefix = "secret:";

    public static string CheckNew(string? name) =>
        name is not { Length: > 0 and <= MaximumLength }
            ? throw SecretsManagerFaults.Constraint("name", name, $"Member must have length between 1 and {MaximumLength}, inclusive")
            : name.All(c => char.IsAsciiLetterOrDigit(c) || "-/_+=.@!".Contains(c, StringComparison.Ordinal))
                ? name
                : throw new AwsError(
                    "ValidationException",
                    "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!");

    public static string CheckReference(string? secretId) => secretId is { Length: > 0 and <= MaximumReference }
        ? secretId
        : throw SecretsManagerFaults.Constraint("secretId", secretId, $"Member must have length between 1 and {MaximumReference}, inclusive");

    /// <summary>
    /// Names that a reference may mean, the likeliest first, each with the end that its ARN must have, or null for any. An ARN may come
    /// without its random end; then a name that itself ends in a hyphen and six characters looks like a whole ARN and is tried second.
    /// </summary>
    public static IEnumerable<(string Name, string? Suffix)> Candidates(CallContext call, string? secretId)
    {
        if (string.IsNullOrEmpty(secretId) || secretId.Length > MaximumReference)
        {
            yield break;
        }
        if (!secretId.StartsWith("arn:", StringComparison.Ordinal))
        {
            yield return (secretId, null);
            yield break;
        }
        if (!Arn.TryParse(secretId, out var arn) || arn.Service != "secretsmanager" || arn.Region != call.Region || arn.AccountId != call.AccountId
            || !arn.Resource.StartsWith(ResourcePrefix, StringComparison.Ordinal) || arn.Resource.Length == ResourcePrefix.Length)
        {
            yield break;
        }
        var rest = arn.Resource[ResourcePrefix.Length..];
        var hyphen = rest.Length - SuffixLength - 1;
        if (hyphen > 0 && rest[hyphen] == '-')
        {
            yield return (rest[..hyphen], rest[(hyphen + 1)..]);
        }
        yield return (rest, null);
    }

    /// <summary>
    /// The ARN that policies are asked about when there is no secret (yet): question marks stand for the random end, which is what
    /// patterns such as <c>name-??????</c> and <c>name-*</c> match.
    /// </summary>
    public static string ArnOfMissing(CallContext call, string? secretId)
    {
        if (Arn.TryParse(secretId, out var arn))
        {
            return arn.ToString();
        }
        return call.Arn("secretsmanager", $"{ResourcePrefix}{secretId}-{new string('?', SuffixLength)}").ToString();
    }
}
