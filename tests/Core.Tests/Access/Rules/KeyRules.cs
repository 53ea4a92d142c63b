using Longspan.Api.Kms;

namespace Longspan.Core.Tests.Access.Rules;

/// <summary>What KMS asks of a key that is not there: its policy, grants and tags are judged in the tests of KMS.</summary>
internal static class KeyRules
{
    private const string Id = "1234abcd-12ab-34cd-56ef-1234567890ab";
    private const string Key = $"key/{Id}";

    public static readonly Rule[] OfKms =
    [
        .. new[]
        {
            "CancelKeyDeletion", "CreateGrant", "DescribeKey", "DisableKey", "DisableKeyRotation", "EnableKey", "EnableKeyRotation", "Encrypt", "GenerateDataKey",
            "GenerateDataKeyWithoutPlaintext", "GetKeyPolicy", "GetKeyRotationStatus", "ListGrants", "ListKeyPolicies", "ListKeyRotations", "ListResourceTags",
            "PutKeyPolicy", "RevokeGrant", "RotateKeyOnDemand", "ScheduleKeyDeletion", "TagResource", "UntagResource", "UpdateKeyDescription", "Decrypt",
        }.Select(name => new Rule(name, new { KeyId = Id }, $"kms:{name} {Key}")),
        .. new[] { "GenerateRandom", "ListAliases", "ListKeys", "ListRetirableGrants" }.Select(name => new Rule(name, new { }, $"kms:{name} *")),
        .. new[] { "CreateAlias", "UpdateAlias" }.Select(
            name => new Rule(name, new { AliasName = "alias/shop", TargetKeyId = Id }, $"kms:{name} alias/shop", $"kms:{name} {Key}")),
        new("DeleteAlias", new { AliasName = "alias/shop" }, "kms:DeleteAlias alias/shop"),
        new("CreateKey", new { Tags = new[] { new Tag { TagKey = "team", TagValue = "a" } } },
            "kms:CreateKey * kms:BypassPolicyLockoutSafetyCheck=false +team=a"),
        new("ReEncrypt", new { SourceKeyId = Id, DestinationKeyId = "alias/shop" }, $"kms:ReEncryptFrom {Key}", "kms:ReEncryptTo alias/shop"),
        new("RetireGrant", new { KeyId = $"arn:aws:kms:lab-1:123456789012:{Key}", GrantId = "none" }, $"kms:RetireGrant {Key}"),
    ];
}
