using Longspan.Api.Kms;
using Longspan.Kernel;
using Longspan.Services.Kms.Documents;
using Longspan.Services.Kms.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Kms.Operations;

internal static class CreateKey
{
    public static async ValueTask<CreateKeyResponse> HandleAsync(KmsContext cx, CreateKeyRequest request, CancellationToken stop)
    {
        Check(request);
        var material = Keys.NewMaterial(Ids.Uuid());
        var policy = request.Policy is { } text
            ? await KeyPolicies.ReadAsync(cx, text, cx.KeyArn(material.KeyId), request.BypassPolicyLockoutSafetyCheck == true, stop)
            : KeyPolicies.Default(cx.Call);
        var tags = KmsTags.Add(new Dictionary<string, string>(), request.Tags);
        if ((await cx.Documents.ListAsync(KmsKinds.Keys, cx.Call.Scope, stop)).Count >= Keys.MaximumKeys)
        {
            throw new LimitExceededException($"You have reached the maximum number of {Keys.MaximumKeys} keys for this account and region.");
        }
        var key = new KeyDocument
        {
            KeyId = material.KeyId,
            CreatedAt = cx.Now,
            Description = UpdateKeyDescription.Check(request.Description ?? ""),
            Policy = policy,
            Tags = tags,
            Materials = [new MaterialEntry(material.MaterialId, cx.Now, null)],
        };
        await cx.CommitAsync(
            () => ValueTask.FromResult<Commit?>(
                new Commit().Create(KmsKinds.Keys, cx.Call.Scope, key.KeyId, key).CreateMaterial(cx.Call.Scope, material)),
            stop);
        return new CreateKeyResponse { KeyMetadata = key.ToShape(cx) };
    }

    private static void Check(CreateKeyRequest request)
    {
        KeyEnums.Check("keySpec", request.KeySpec, KeyEnums.Specs);
        KeyEnums.Check("customerMasterKeySpec", request.CustomerMasterKeySpec, KeyEnums.Specs);
        KeyEnums.Check("keyUsage", request.KeyUsage, KeyEnums.Usages);
        KeyEnums.Check("origin", request.Origin, KeyEnums.Origins);
        if ((request.KeySpec ?? request.CustomerMasterKeySpec) is not (null or Keys.DefaultSpec))
        {
            throw KmsFaults.Unsupported($"The key spec {request.KeySpec ?? request.CustomerMasterKeySpec}");
        }
        if (request.KeyUsage is not (null or "ENCRYPT_DECRYPT"))
        {
            throw KmsFaults.Unsupported($"The key usage {request.KeyUsage}");
        }
        if (request.Origin is not (null or "AWS_KMS") || request.CustomKeyStoreId is not null || request.XksKeyId is not null)
        {
            throw KmsFaults.Unsupported("Key material from elsewhere");
        }
        if (request.MultiRegion == true)
        {
            throw KmsFaults.Unsupported("A multi-Region key");
        }
    }
}
