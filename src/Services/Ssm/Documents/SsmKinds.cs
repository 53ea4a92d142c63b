using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Longspan.Store.Documents;

namespace Longspan.Services.Ssm.Documents;

internal static class SsmKinds
{
    public const string RegionIndex = "region";
    public const string PublicKeyIndex = "public-key";

    private static readonly SsmJson s_json = new(new JsonSerializerOptions
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
    });

    /// <summary>Scope: the account.</summary>
    public static readonly DocumentKind<ActivationDocument> Activations = new()
    {
        Name = "ssm.activation",
        Json = s_json.ActivationDocument,
        Indexes = (_, activation) => [(RegionIndex, activation.Region)],
    };

    /// <summary>Scope: account and region, as for everything below.</summary>
    public static readonly DocumentKind<ManagedInstanceDocument> Instances = new()
    {
        Name = "ssm.managed-instance",
        Json = s_json.ManagedInstanceDocument,
        Indexes = (_, instance) => [(PublicKeyIndex, instance.PublicKey)],
    };

    /// <summary>Sealed whatever the type: a parameter's type may not tell how secret its value is.</summary>
    public static readonly DocumentKind<ParameterDocument> Parameters = new()
    {
        Name = "ssm.parameter",
        Json = s_json.ParameterDocument,
        Secret = true,
    };

    public static readonly DocumentKind<ParameterDocument> ParameterVersions = new()
    {
        Name = "ssm.parameter-version",
        Json = s_json.ParameterDocument,
        Secret = true,
    };

    public static readonly DocumentKind<SettingDocument> Settings = new() { Name = "ssm.setting", Json = s_json.SettingDocument };

    /// <summary>Sorts by number; a colon cannot be part of a parameter's name.</summary>
    public static string VersionName(string parameter, long version) =>
        parameter + ":" + version.ToString("D19", CultureInfo.InvariantCulture);
}

[JsonSerializable(typeof(ActivationDocument))]
[JsonSerializable(typeof(ManagedInstanceDocument))]
[JsonSerializable(typeof(ParameterDocument))]
[JsonSerializable(typeof(SettingDocument))]
internal sealed partial class SsmJson : JsonSerializerContext;
