using System.Text.RegularExpressions;
using Longspan.Api.Ecs;
using Longspan.Kernel;

namespace Longspan.Services.Ecs.Rules;

/// <summary>Secrets of containers and of their log drivers: what may be registered, and how agents are told of it.</summary>
internal static partial class SecretRules
{
    private const int LongestName = 2048;
    private const string Parameter = "parameter/";

    public static void Check(ContainerDefinition container, string? executionRoleArn)
    {
        var (secrets, ofLog) = (container.Secrets ?? [], container.LogConfiguration?.SecretOptions ?? []);
        if (secrets.Count + ofLog.Count == 0)
        {
            return;
        }
        if (string.IsNullOrEmpty(executionRoleArn))
        {
            throw new ClientException("When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.");
        }
        foreach (var secret in secrets.Concat(ofLog))
        {
            if (string.IsNullOrEmpty(secret.Name) || string.IsNullOrEmpty(secret.ValueFrom))
            {
                throw ContainerRules.Invalid(container.Name, "A secret needs 'name' and 'valueFrom'.");
            }
            if (!Arn.TryParse(secret.ValueFrom, out var arn)
                ? !ParameterName().IsMatch(secret.ValueFrom) || secret.ValueFrom.Length > LongestName
                : arn.Service is not ("secretsmanager" or "ssm"))
            {
                throw new ClientException(
                    $"The Systems Manager parameter name specified for secret {secret.Name} is invalid. The parameter name can be up to {LongestName} "
                    + "characters and include the following letters and symbols: a-zA-Z0-9_.-/");
            }
        }
        var names = secrets.Select(s => s.Name).Concat((container.Environment ?? []).Select(e => e.Name)).GroupBy(n => n, StringComparer.Ordinal)
            .FirstOrDefault(g => g.Count() > 1 && secrets.Any(s => s.Name == g.Key));
        if (names is not null)
        {
            throw new ClientException(
                "The secret name must be unique and not shared with any new or existing environment variables set on the container, such as "
                + $"'{names.Key}'.");
        }
    }

    /// <summary>
    /// A parameter of the account by its name, however it was written: Amazon's agent leaves a variable empty when the answer to its call names
    /// the parameter otherwise than the call did.
    /// </summary>
    public static string? Reference(Secret secret, string accountId) =>
        Arn.TryParse(secret.ValueFrom, out var arn) && arn.Service == "ssm" && arn.AccountId == accountId
            && arn.Resource.StartsWith(Parameter, StringComparison.Ordinal) && arn.Resource[Parameter.Length..] is { Length: > 0 } name
            // Only a name without a hierarchy has no slash in front.
            ? name.Contains('/', StringComparison.Ordinal) ? "/" + name : name
            : secret.ValueFrom;

    [GeneratedRegex(@"^[a-zA-Z0-9_.\-/]+$", RegexOptions.NonBacktracking)]
    private static partial Regex ParameterName();
}
