using System.Security.Cryptography;
using Longspan.Api.Kms;
using Longspan.Kernel;
using Longspan.Services.Kms.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Kms.Rules;

/// <summary>Finding keys, and what operations on them share.</summary>
internal static class Keys
{
    public const int MaximumKeys = 10_000;
    public const string DefaultSpec = "SYMMETRIC_DEFAULT";

    /// <summary>The key that a reference names; null when there is none. Does not make AWS-managed keys.</summary>
    public static async ValueTask<Document<KeyDocument>?> FindAsync(KmsContext cx, KeyReference reference, CancellationToken stop)
    {
        var keyId = reference.KeyId;
        if (reference.Alias is { } alias)
        {
            keyId = (await cx.Documents.GetAsync(KmsKinds.Aliases, cx.Call.Scope, alias, stop))?.Value.KeyId;
        }
        return keyId is null ? null : await cx.Documents.GetAsync(KmsKinds.Keys, cx.Call.Scope, keyId, stop);
    }

    /// <summary>The key of an operation that takes aliases too. An AWS-managed key comes to be when its alias is first used.</summary>
    public static async ValueTask<Document<KeyDocument>> RequireAsync(KmsContext cx, string? keyId, CancellationToken stop)
    {
        var reference = KeyReference.Read(cx.Call, keyId);
        var key = await FindAsync(cx, reference, stop);
        if (key is null && ManagedKeys.ServiceOf(reference.Alias) is { } service)
        {
            await ManagedKeys.EnsureAsync(cx, service, stop);
            key = await FindAsync(cx, reference, stop);
        }
        return key ?? throw (reference.Alias is { } alias ? KmsFaults.NoSuchAlias(cx.ArnOf(alias)) : KmsFaults.NoSuchKey(cx.KeyArn(reference.KeyId!)));
    }

    /// <summary>The key of an operation that takes an id or ARN only.</summary>
    public static ValueTask<Document<KeyDocument>> RequireByIdAsync(KmsContext cx, string? keyId, CancellationToken stop) =>
        RequireAsync(cx, KeyReference.ReadKeyId(cx.Call, keyId), stop);

    /// <summary>The key of an operation that encrypts, decrypts or makes keys.</summary>
    public static async ValueTask<Document<KeyDocument>> RequireUsableAsync(KmsContext cx, string? keyId, CancellationToken stop)
    {
        var key = await RequireAsync(cx, keyId, stop);
        CheckUsable(cx, key.Value);
        return key;
    }

    public static void CheckUsable(KmsContext cx, KeyDocument key)
    {
        CheckNotPending(cx, key);
        if (!key.IsEnabled)
        {
            throw new DisabledException($"{cx.KeyArn(key.KeyId)} is disabled.");
        }
    }

    public static void CheckNotPending(KmsContext cx, KeyDocument key)
    {
        if (key.DeletionAt is not null)
        {
            throw KmsFaults.PendingDeletion(cx.KeyArn(key.KeyId));
        }
    }

    /// <summary>AWS-managed keys belong to their service: their account uses them and changes nothing.</summary>
    public static void CheckCustomerManaged(KmsContext cx, KeyDocument key, string operation)
    {
        if (key.ManagedFor is not null)
        {
            throw KmsFaults.NotAllowedByKey(cx, "kms:" + operation, cx.KeyArn(key.KeyId));
        }
    }

    /// <summary>Replaces a key of the account by what <paramref name="change"/> makes of it.</summary>
    public static async ValueTask<KeyDocument> ChangeAsync(
        KmsContext cx, string? keyId, string operation, Func<KeyDocument, KeyDocument> change, CancellationToken stop)
    {
        KeyDocument changed = null!;
        await cx.CommitAsync(
            async () =>
            {
                var key = await RequireByIdAsync(cx, keyId, stop);
                CheckCustomerManaged(cx, key.Value, operation);
                changed = change(key.Value);
                return changed == key.Value ? null : new Commit().Update(KmsKinds.Keys, key, changed);
            },
            stop);
        return changed;
    }

    /// <summary>A further secret for a key, to be written in the commit that lists it.</summary>
    public static KeyMaterialDocument NewMaterial(string keyId) => new()
    {
        KeyId = keyId,
        MaterialId = Ids.Hex(64),
        Secret = RandomNumberGenerator.GetBytes(Ciphertext.MaterialBytes),
    };

    public static Commit CreateMaterial(this Commit commit, string scope, KeyMaterialDocument material) =>
        commit.Create(KmsKinds.Materials, scope, KmsKinds.PartOf(material.KeyId, material.MaterialId), material);

    /// <summary>Answers sealed for an enclave need Amazon's attestation.</summary>
    public static void CheckRecipient(RecipientInfo? recipient)
    {
        if (recipient is not null)
        {
            throw KmsFaults.Unsupported("A recipient");
        }
    }

    public static void CheckAlgorithm(string? algorithm)
    {
        if (algorithm is not (null or DefaultSpec))
        {
            throw new InvalidKeyUsageException($"Algorithm {algorithm} is incompatible with key spec {DefaultSpec}.");
        }
    }
}
