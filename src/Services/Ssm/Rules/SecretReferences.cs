using System.Text.Json;
using Longspan.Api.SecretsManager;
using Longspan.Api.Ssm;

namespace Longspan.Services.Ssm.Rules;

/// <summary>
/// Secrets of Secrets Manager that are read as if they were parameters: <c>/aws/reference/secretsmanager/NAME</c>, perhaps with <c>:version id</c> or
/// <c>:label</c> behind it. They are read in the caller's name, who needs the rights to read the secret.
/// </summary>
internal static class SecretReferences
{
    private const string Prefix = "/aws/reference/secretsmanager/";
    private const string Service = "ssm";
    /// <summary>Version ids have at least so many characters, labels usually fewer; AWS tells them apart by trying.</summary>
    private const int VersionIdLength = 32;

    public static bool Names(string text) => text.StartsWith(Prefix, StringComparison.Ordinal) && text.Length > Prefix.Length;

    public static async ValueTask<Parameter> ReadAsync(SsmContext cx, string text, bool decrypt, CancellationToken stop)
    {
        if (!decrypt)
        {
            throw SsmFaults.Validation("WithDecryption flag must be True for retrieving a Secret Manager secret.");
        }
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var name = colon < 0 ? text : text[..colon];
        var selector = colon < 0 ? null : text[(colon + 1)..];
        var request = new GetSecretValueRequest { SecretId = name[Prefix.Length..] };
        if (selector is { Length: >= VersionIdLength })
        {
            request.VersionId = selector;
        }
        else
        {
            request.VersionStage = selector;
        }
        GetSecretValueResponse secret;
        try
        {
            secret = await cx.Call.Cloud.CallAsync(SecretsManagerOperations.GetSecretValue, request, cx.Call, Service, stop);
        }
        catch (ResourceNotFoundException)
        {
            throw new ParameterNotFound($"An error occurred (ParameterNotFound) when referencing Secrets Manager: Secret {name} not found.");
        }
        return new Parameter
        {
            Name = name,
            Type = ParameterValues.SecureString,
            Value = secret.SecretString ?? throw new ParameterNotFound(
                $"An error occurred (ParameterNotFound) when referencing Secrets Manager: Secret {name} has no text."),
            Version = 0,
            Selector = selector is null ? null : ":" + selector,
            SourceResult = Source(secret),
            LastModifiedDate = secret.CreatedDate,
            ARN = secret.ARN,
            DataType = "text",
        };
    }

    // What Secrets Manager answered, as AWS hands it on.
    private static string Source(GetSecretValueResponse secret)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("ARN", secret.ARN);
            json.WriteString("name", secret.Name);
            json.WriteString("versionId", secret.VersionId);
            json.WriteString("secretString", secret.SecretString);
            json.WriteStartArray("versionStages");
            secret.VersionStages!.ForEach(json.WriteStringValue);
            json.WriteEndArray();
            json.WriteString("createdDate", secret.CreatedDate!.Value);
            json.WriteEndObject();
        }
        return System.Text.Encoding.UTF8.GetString(buffer.ToArray());
    }
}
