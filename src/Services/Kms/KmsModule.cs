using Longspan.Api.Kms;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Kernel.Reconcilers;
using Longspan.Services.Kms.Operations;
using Longspan.Services.Kms.Reconcilers;
using Longspan.Services.Kms.Rules;

namespace Longspan.Services.Kms;

/// <summary>The Key Management Service: symmetric keys that never leave it, their policies, aliases and grants.</summary>
public sealed class KmsModule : ServiceModule<KmsContext>
{
    public KmsModule(Cloud cloud)
        : base(KmsOperations.Service)
    {
        Reconcilers = [new KeyReconciler(cloud)];
        MapKeys();
        MapCryptography();
        MapAliases();
        MapGrants();
        MapTags();
    }

    public override IReadOnlyList<Reconciler> Reconcilers { get; }

    protected override KmsContext NewContext(CallContext call) => new(call);

    private void MapKeys()
    {
        Map(KmsOperations.CreateKey, CreateKey.HandleAsync, (_, request, _) => Nameless(new AccessDemand("kms:CreateKey", "*")
        {
            RequestTags = KeyDemands.RequestTags(request.Tags),
            Keys = KeyDemands.KeyOf("kms:BypassPolicyLockoutSafetyCheck", request.BypassPolicyLockoutSafetyCheck),
        }));
        Map(KmsOperations.ListKeys, ListKeys.HandleAsync, (_, _) => "*");
        Map(KmsOperations.DescribeKey, DescribeKey.HandleAsync, (cx, request, stop) => AskAsync(cx, "DescribeKey", request.KeyId, stop));
        Map(KmsOperations.EnableKey, EnableKey.HandleAsync, (cx, request, stop) => AskAsync(cx, "EnableKey", request.KeyId, stop));
        Map(KmsOperations.DisableKey, DisableKey.HandleAsync, (cx, request, stop) => AskAsync(cx, "DisableKey", request.KeyId, stop));
        Map(KmsOperations.ScheduleKeyDeletion, ScheduleKeyDeletion.HandleAsync, (cx, request, stop) => KeyDemands.AskAsync(
            cx,
            new KeyQuestion("ScheduleKeyDeletion", request.KeyId)
            {
                Keys = KeyDemands.KeyOf("kms:ScheduleKeyDeletionPendingWindowInDays", request.PendingWindowInDays),
            },
            stop));
        Map(KmsOperations.CancelKeyDeletion, CancelKeyDeletion.HandleAsync, (cx, request, stop) => AskAsync(cx, "CancelKeyDeletion", request.KeyId, stop));
        Map(
            KmsOperations.UpdateKeyDescription, UpdateKeyDescription.HandleAsync,
            (cx, request, stop) => AskAsync(cx, "UpdateKeyDescription", request.KeyId, stop));
        Map(KmsOperations.GetKeyPolicy, GetKeyPolicy.HandleAsync, (cx, request, stop) => AskAsync(cx, "GetKeyPolicy", request.KeyId, stop));
        Map(KmsOperations.ListKeyPolicies, ListKeyPolicies.HandleAsync, (cx, request, stop) => AskAsync(cx, "ListKeyPolicies", request.KeyId, stop));
        Map(KmsOperations.PutKeyPolicy, PutKeyPolicy.HandleAsync, (cx, request, stop) => KeyDemands.AskAsync(
            cx,
            new KeyQuestion("PutKeyPolicy", request.KeyId)
            {
                Keys = KeyDemands.KeyOf("kms:BypassPolicyLockoutSafetyCheck", request.BypassPolicyLockoutSafetyCheck),
            },
            stop));
        Map(KmsOperations.EnableKeyRotation, EnableKeyRotation.HandleAsync, (cx, request, stop) => KeyDemands.AskAsync(
            cx,
            new KeyQuestion("EnableKeyRotation", request.KeyId) { Keys = KeyDemands.KeyOf("kms:RotationPeriodInDays", request.RotationPeriodInDays) },
            stop));
        Map(KmsOperations.DisableKeyRotation, DisableKeyRotation.HandleAsync, (cx, request, stop) => AskAsync(cx, "DisableKeyRotation", request.KeyId, stop));
        Map(
            KmsOperations.GetKeyRotationStatus, GetKeyRotationStatus.HandleAsync,
            (cx, request, stop) => AskAsync(cx, "GetKeyRotationStatus", request.KeyId, stop));
        Map(KmsOperations.RotateKeyOnDemand, RotateKeyOnDemand.HandleAsync, (cx, request, stop) => AskAsync(cx, "RotateKeyOnDemand", request.KeyId, stop));
        Map(KmsOperations.ListKeyRotations, ListKeyRotations.HandleAsync, (cx, request, stop) => AskAsync(cx, "ListKeyRotations", request.KeyId, stop));
    }

    private void MapCryptography()
    {
        Map(KmsOperations.Encrypt, Encrypt.HandleAsync, (cx, request, stop) =>
            KeyDemands.AskAsync(cx, new KeyQuestion("Encrypt", request.KeyId) { Context = request.EncryptionContext }, stop));
        Map(KmsOperations.Decrypt, Decrypt.HandleAsync, KeyDemands.DecryptAsync);
        Map(KmsOperations.ReEncrypt, ReEncrypt.HandleAsync, KeyDemands.ReEncryptAsync);
        Map(KmsOperations.GenerateDataKey, GenerateDataKey.HandleAsync, (cx, request, stop) =>
            KeyDemands.AskAsync(cx, new KeyQuestion("GenerateDataKey", request.KeyId) { Context = request.EncryptionContext }, stop));
        Map(KmsOperations.GenerateDataKeyWithoutPlaintext, GenerateDataKeyWithoutPlaintext.HandleAsync, (cx, request, stop) =>
            KeyDemands.AskAsync(cx, new KeyQuestion("GenerateDataKeyWithoutPlaintext", request.KeyId) { Context = request.EncryptionContext }, stop));
        Map(KmsOperations.GenerateRandom, GenerateRandom.HandleAsync, (_, _) => "*");
    }

    private void MapAliases()
    {
        Map(KmsOperations.CreateAlias, CreateAlias.HandleAsync, (cx, request, stop) =>
            KeyDemands.AliasAsync(cx, "CreateAlias", request.AliasName, request.TargetKeyId, stop));
        Map(KmsOperations.UpdateAlias, UpdateAlias.HandleAsync, (cx, request, stop) =>
            KeyDemands.AliasAsync(cx, "UpdateAlias", request.AliasName, request.TargetKeyId, stop));
        Map(KmsOperations.DeleteAlias, DeleteAlias.HandleAsync, (cx, request, stop) =>
            KeyDemands.AliasAsync(cx, "DeleteAlias", request.AliasName, null, stop));
        Map(KmsOperations.ListAliases, ListAliases.HandleAsync, (_, _) => "*");
    }

    private void MapGrants()
    {
        Map(KmsOperations.CreateGrant, CreateGrant.HandleAsync, KeyDemands.CreateGrantAsync);
        Map(KmsOperations.ListGrants, ListGrants.HandleAsync, (cx, request, stop) => AskAsync(cx, "ListGrants", request.KeyId, stop));
        Map(KmsOperations.ListRetirableGrants, ListRetirableGrants.HandleAsync, (_, _) => "*");
        Map(KmsOperations.RetireGrant, RetireGrant.HandleAsync, KeyDemands.RetireGrantAsync);
        Map(KmsOperations.RevokeGrant, RevokeGrant.HandleAsync, (cx, request, stop) => AskAsync(cx, "RevokeGrant", request.KeyId, stop));
    }

    private void MapTags()
    {
        Map(KmsOperations.TagResource, TagResource.HandleAsync, (cx, request, stop) => KeyDemands.AskAsync(
            cx, new KeyQuestion("TagResource", request.KeyId) { RequestTags = KeyDemands.RequestTags(request.Tags) }, stop));
        Map(KmsOperations.UntagResource, UntagResource.HandleAsync, (cx, request, stop) => KeyDemands.AskAsync(
            cx,
            new KeyQuestion("UntagResource", request.KeyId)
            {
                Keys = new Dictionary<string, IReadOnlyList<string>> { ["aws:TagKeys"] = request.TagKeys ?? [] },
            },
            stop));
        Map(KmsOperations.ListResourceTags, ListResourceTags.HandleAsync, (cx, request, stop) => AskAsync(cx, "ListResourceTags", request.KeyId, stop));
    }

    private static ValueTask<IReadOnlyList<AccessDemand>> AskAsync(KmsContext cx, string action, string? keyId, CancellationToken stop) =>
        KeyDemands.AskAsync(cx, new KeyQuestion(action, keyId), stop);

    private static ValueTask<IReadOnlyList<AccessDemand>> Nameless(AccessDemand demand) =>
        ValueTask.FromResult<IReadOnlyList<AccessDemand>>([demand]);
}
