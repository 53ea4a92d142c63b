using System.Text.Json;
using System.Text.Json.Serialization;
using Longspan.Store.Documents;

namespace Longspan.Services.Kms.Documents;

/// <summary>The kinds of the key service, all in the scope of account and region.</summary>
internal static class KmsKinds
{
    public const string KeyIndex = "key";
    public const string RetiringIndex = "retiring";

    private static readonly KmsJson s_json = new(new JsonSerializerOptions
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
    });

    public static readonly DocumentKind<KeyDocument> Keys = new() { Name = "kms.key", Json = s_json.KeyDocument };

    /// <summary>Name: the key's id, a colon and the material's.</summary>
    public static readonly DocumentKind<KeyMaterialDocument> Materials = new()
    {
        Name = "kms.key-material",
        Json = s_json.KeyMaterialDocument,
        Secret = true,
    };

    public static readonly DocumentKind<AliasDocument> Aliases = new()
    {
        Name = "kms.alias",
        Json = s_json.AliasDocument,
        Indexes = (_, alias) => [(KeyIndex, alias.KeyId)],
    };

    /// <summary>Name: the key's id, a colon and the grant's.</summary>
    public static readonly DocumentKind<GrantDocument> Grants = new()
    {
        Name = "kms.grant",
        Json = s_json.GrantDocument,
        Indexes = (_, grant) => grant.Retiring is { } retiring ? [(RetiringIndex, retiring)] : [],
    };

    public static string PartOf(string keyId, string id) => $"{keyId}:{id}";
}

[JsonSerializable(typeof(KeyDocument))]
[JsonSerializable(typeof(KeyMaterialDocument))]
[JsonSerializable(typeof(AliasDocument))]
[JsonSerializable(typeof(GrantDocument))]
internal sealed partial class KmsJson : JsonSerializerContext;
