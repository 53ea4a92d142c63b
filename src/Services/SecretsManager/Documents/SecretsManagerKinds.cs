using System.Text.Json;
using System.Text.Json.Serialization;
using Longspan.Store.Documents;

namespace Longspan.Services.SecretsManager.Documents;

internal static class SecretsManagerKinds
{
    private static readonly SecretsManagerJson s_json = new(new JsonSerializerOptions
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
    });

    /// <summary>Scope: account and region.</summary>
    public static readonly DocumentKind<SecretDocument> Secrets = new() { Name = "secretsmanager.secret", Json = s_json.SecretDocument };

    public static readonly DocumentKind<SecretValueDocument> Values = new()
    {
        Name = "secretsmanager.value",
        Json = s_json.SecretValueDocument,
        Secret = true,
    };

    public static readonly DocumentKind<RotationDocument> Rotations = new() { Name = "secretsmanager.rotation", Json = s_json.RotationDocument };

    /// <summary>Scope of a secret's values.</summary>
    public static string ScopeOfValues(string scope, SecretDocument secret) => $"{scope}/{secret.Name}-{secret.Suffix}";
}

[JsonSerializable(typeof(RotationDocument))]
[JsonSerializable(typeof(SecretDocument))]
[JsonSerializable(typeof(SecretValueDocument))]
internal sealed partial class SecretsManagerJson : JsonSerializerContext;
