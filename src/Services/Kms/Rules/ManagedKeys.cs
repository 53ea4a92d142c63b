using Longspan.Kernel;
using Longspan.Services.Kms.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Kms.Rules;

/// <summary>
/// AWS-managed keys: one for each service that encrypts by default, behind <c>alias/aws/SERVICE</c>. They come to be when first used, rotate
/// every year, and nobody changes or deletes them.
/// </summary>
internal static class ManagedKeys
{
    private static readonly Dictionary<string, string> s_services = new(StringComparer.Ordinal)
    {
        ["secretsmanager"] = "AWS Secrets Manager",
        ["sqs"] = "Amazon SQS",
        ["ssm"] = "AWS Systems Manager",
    };

    /// <summary>The service whose key an alias names; null for other aliases.</summary>
    public static string? ServiceOf(string? alias) =>
        alias?.StartsWith(Aliases.ManagedPrefix, StringComparison.Ordinal) == true && s_services.ContainsKey(alias[Aliases.ManagedPrefix.Length..])
            ? alias[Aliases.ManagedPrefix.Length..]
            : null;

    /// <summary>Makes the key with its alias unless they are there; of two who try at once, one does.</summary>
    public static async ValueTask EnsureAsync(KmsContext cx, string service, CancellationToken stop)
    {
        var material = Keys.NewMaterial(Ids.Uuid());
        var alias = Aliases.ManagedPrefix + service;
        var commit = new Commit()
            .Create(KmsKinds.Aliases, cx.Call.Scope, alias, new AliasDocument(alias, material.KeyId, cx.Now, cx.Now))
            .Create(KmsKinds.Keys, cx.Call.Scope, material.KeyId, Document(cx.Call, service, material.KeyId, material.MaterialId))
            .CreateMaterial(cx.Call.Scope, material);
        await cx.Documents.CommitAsync(commit, stop);
    }

    /// <summary>The key as it is or would be made now.</summary>
    public static KeyDocument Document(CallContext call, string service, string keyId, string materialId) => new()
    {
        KeyId = keyId,
        CreatedAt = call.Now,
        Description = $"Default key that protects data of {s_services[service]} when no other key is defined",
        ManagedFor = service,
        Policy = KeyPolicies.ManagedBy(call, service, s_services[service]),
        Materials = [new MaterialEntry(materialId, call.Now, null)],
        RotationPeriodInDays = Rotations.DefaultPeriodInDays,
        NextRotationAt = call.Now.AddDays(Rotations.DefaultPeriodInDays),
    };
}
