using System.Text.Json;
using Longspan.Api.Shapes;
using Longspan.Node.Tasks;

namespace Longspan.Node.Injection;

/// <summary>
/// The <c>valueFrom</c> of a secret in Secrets Manager: its ARN, or <c>ARN:json-key:version-stage:version-id</c> with any of the three empty.
/// </summary>
internal sealed record SecretReference(string SecretId, string? JsonKey, string? VersionStage, string? VersionId)
{
    private const int PlainParts = 7;
    private const int PartsWithSelection = 10;

    public static SecretReference Parse(string valueFrom)
    {
        var parts = valueFrom.Split(':');
        return parts.Length switch
        {
            PlainParts => new SecretReference(valueFrom, null, null, null),
            PartsWithSelection => new SecretReference(string.Join(':', parts[..PlainParts]), Given(parts[7]), Given(parts[8]), Given(parts[9])),
            _ => throw new TaskFault("ResourceInitializationError", Faults.Secret + $"unexpected ARN format with parameters when trying to retrieve ASM secret: {valueFrom}"),
        };
    }

    /// <summary>What the container gets of the secret's text: all of it, or the member that was named. A member that is no string is given as JSON.</summary>
    public string Select(string secretString)
    {
        if (JsonKey is null)
        {
            return secretString;
        }
        try
        {
            using var json = UntrustedJson.Parse(secretString);
            if (json.RootElement.ValueKind == JsonValueKind.Object)
            {
                return json.RootElement.TryGetProperty(JsonKey, out var member)
                    ? member.ValueKind == JsonValueKind.String ? member.GetString()! : member.GetRawText()
                    : throw new TaskFault("ResourceInitializationError", Faults.Secret + $"retrieved secret from Secrets Manager did not contain json key {JsonKey}");
            }
        }
        catch (JsonException)
        {
            // Its message could quote the secret.
        }
        throw new TaskFault("ResourceInitializationError", Faults.Secret + $"retrieved secret from Secrets Manager is no JSON object, so it has no key {JsonKey}");
    }

    private static string? Given(string part) => part.Length > 0 ? part : null;
}

/// <summary>How ECS begins to say what went wrong: people search for these words.</summary>
internal static class Faults
{
    private const string Retrieval = "unable to pull secrets or registry auth: execution resource retrieval failed: ";
    public const string Role = Retrieval + "unable to find execution role credentials";
    public const string Parameters = Retrieval + "unable to retrieve secrets from ssm: ";
    public const string Secret = Retrieval + "unable to retrieve secret from asm: ";
    public const string RegistryLogin = Retrieval + "unable to get registry auth from asm: ";
    public const string Files = "failed to download env files: ";
}
