using Longspan.Api.Kms;
using Longspan.Services.Kms.Documents;
using Longspan.Services.Kms.Rules;

namespace Longspan.Services.Kms;

internal static class Shapes
{
    public static KeyMetadata ToShape(this KeyDocument key, KmsContext cx) => new()
    {
        KeyId = key.KeyId,
        AWSAccountId = cx.Call.AccountId,
        Arn = cx.KeyArn(key.KeyId),
        CreationDate = key.CreatedAt,
        Enabled = key.State == "Enabled",
        Description = key.Description,
        KeyUsage = "ENCRYPT_DECRYPT",
        KeyState = key.State,
        DeletionDate = key.DeletionAt,
        Origin = "AWS_KMS",
        KeyManager = key.ManagedFor is null ? "CUSTOMER" : "AWS",
        CustomerMasterKeySpec = Keys.DefaultSpec,
        KeySpec = Keys.DefaultSpec,
        EncryptionAlgorithms = [Keys.DefaultSpec],
        MultiRegion = false,
        CurrentKeyMaterialId = key.CurrentMaterialId,
    };

    public static AliasListEntry ToShape(this AliasDocument alias, KmsContext cx) => new()
    {
        AliasName = alias.Name,
        AliasArn = cx.ArnOf(alias.Name),
        TargetKeyId = alias.KeyId,
        CreationDate = alias.CreatedAt,
        LastUpdatedDate = alias.UpdatedAt,
    };

    public static GrantListEntry ToShape(this GrantDocument grant, KmsContext cx) => new()
    {
        KeyId = cx.KeyArn(grant.KeyId),
        GrantId = grant.GrantId,
        Name = grant.Name ?? "",
        CreationDate = grant.CreatedAt,
        GranteePrincipal = grant.IsGranteeService ? null : grant.Grantee,
        GranteeServicePrincipal = grant.IsGranteeService ? grant.Grantee : null,
        RetiringPrincipal = grant.IsRetiringService ? null : grant.Retiring,
        RetiringServicePrincipal = grant.IsRetiringService ? grant.Retiring : null,
        IssuingAccount = $"arn:aws:iam::{grant.IssuingAccount}:root",
        Operations = [.. grant.Operations],
        Constraints = ConstraintsOf(grant),
    };

    private static GrantConstraints? ConstraintsOf(GrantDocument grant) =>
        grant.ContextSubset is null && grant.ContextEquals is null
            ? null
            : new GrantConstraints
            {
                EncryptionContextSubset = grant.ContextSubset?.ToDictionary(),
                EncryptionContextEquals = grant.ContextEquals?.ToDictionary(),
            };
}
