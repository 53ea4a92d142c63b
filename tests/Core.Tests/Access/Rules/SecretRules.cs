using Longspan.Api.SecretsManager;

namespace Longspan.Core.Tests.Access.Rules;

/// <summary>Secrets Manager's operations. Of a secret that is not there, question marks stand for the random end of its ARN.</summary>
internal static class SecretRules
{
    private const string Secret = "secret:db-??????";
    private const string Id = $"secretsmanager:SecretId={Secret}";
    private static readonly Tag[] s_tags = [new() { Key = "team", Value = "a" }];

    public static readonly Rule[] OfSecretsManager =
    [
        .. new[]
        {
            "CancelRotateSecret", "DeleteResourcePolicy", "DeleteSecret", "DescribeSecret", "GetResourcePolicy", "ListSecretVersionIds", "PutResourcePolicy",
            "PutSecretValue", "RestoreSecret", "UpdateSecret", "ValidateResourcePolicy",
        }.Select(name => new Rule(name, new { SecretId = "db" }, $"secretsmanager:{name} {Secret} {Id}")),
        .. new[] { "BatchGetSecretValue", "GetRandomPassword", "ListSecrets", "ValidateResourcePolicy" }.Select(
            name => new Rule(name, new { }, $"secretsmanager:{name} *")),
        new("BatchGetSecretValue", new { Filters = new[] { new Filter { Key = "name", Values = ["db"] } } },
            "secretsmanager:BatchGetSecretValue *", "secretsmanager:ListSecrets *"),
        new("CreateSecret", new { Name = "db", KmsKeyId = "alias/shop", Tags = s_tags },
            $"secretsmanager:CreateSecret {Secret} secretsmanager:KmsKeyId=alias/shop secretsmanager:Name=db +team=a",
            $"secretsmanager:TagResource {Secret} secretsmanager:KmsKeyId=alias/shop secretsmanager:Name=db +team=a"),
        new("GetSecretValue", new { SecretId = "db" }, $"secretsmanager:GetSecretValue {Secret} {Id} secretsmanager:VersionStage=AWSCURRENT"),
        new("GetSecretValue", new { SecretId = "arn:aws:secretsmanager:lab-1:123456789012:secret:db-abcdef", VersionId = "v" },
            "secretsmanager:GetSecretValue secret:db-abcdef secretsmanager:SecretId=secret:db-abcdef secretsmanager:VersionId=v"),
        new("DeleteSecret", new { SecretId = "db", ForceDeleteWithoutRecovery = true },
            $"secretsmanager:DeleteSecret {Secret} secretsmanager:ForceDeleteWithoutRecovery=true {Id}"),
        new("PutResourcePolicy", new { SecretId = "db", BlockPublicPolicy = true },
            $"secretsmanager:PutResourcePolicy {Secret} secretsmanager:BlockPublicPolicy=true {Id}"),
        new("UpdateSecretVersionStage", new { SecretId = "db", VersionStage = "AWSCURRENT" },
            $"secretsmanager:UpdateSecretVersionStage {Secret} {Id} secretsmanager:VersionStage=AWSCURRENT"),
        new("RotateSecret", new { SecretId = "db", RotationLambdaARN = "arn:aws:ecs:lab-1:123456789012:task-definition/none" },
            $"secretsmanager:RotateSecret {Secret} secretsmanager:ModifyRotationRules=false secretsmanager:RotateImmediately=true "
            + $"secretsmanager:RotationLambdaARN=task-definition/none {Id}"),
        new("TagResource", new { SecretId = "db", Tags = s_tags }, $"secretsmanager:TagResource {Secret} {Id} +team=a"),
        new("UntagResource", new { SecretId = "db", TagKeys = new[] { "team" } }, $"secretsmanager:UntagResource {Secret} aws:TagKeys=team {Id}"),
    ];
}
