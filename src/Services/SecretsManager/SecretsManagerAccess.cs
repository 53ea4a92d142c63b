using System.Globalization;
using Longspan.Api.SecretsManager;
using Longspan.Api.Shapes;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Policies;
using Longspan.Services.SecretsManager.Documents;
using Longspan.Services.SecretsManager.Rules;

namespace Longspan.Services.SecretsManager;

/// <summary>
/// What Secrets Manager's operations ask of the policies: nearly always the action of their name on one secret, by its whole ARN
/// however the request names it.
/// </summary>
internal static class SecretsManagerAccess
{
    public static async ValueTask<IReadOnlyList<AccessDemand>> SecretAsync(
        SecretsManagerContext cx, string operation, string? secretId, CancellationToken stop) =>
        [await DemandAsync(cx, operation, secretId, stop)];

    public static async ValueTask<IReadOnlyList<AccessDemand>> GetValueAsync(
        SecretsManagerContext cx, GetSecretValueRequest request, CancellationToken stop) =>
    [
        await DemandAsync(
            cx, "GetSecretValue", request.SecretId, stop, ("secretsmanager:VersionId", request.VersionId),
            // The label that a request means when it names neither.
            ("secretsmanager:VersionStage", request.VersionStage ?? (request.VersionId is null ? Stages.Current : null))),
    ];

    /// <summary>Beside this, each secret asks for <c>GetSecretValue</c> when its turn comes; what is refused then is told in the answer.</summary>
    public static ValueTask<IReadOnlyList<AccessDemand>> Batch(BatchGetSecretValueRequest request) => request.Filters is { Count: > 0 }
        ? AccessRules.Demand(new AccessDemand("secretsmanager:BatchGetSecretValue", "*"), new AccessDemand("secretsmanager:ListSecrets", "*"))
        : AccessRules.Demand(new AccessDemand("secretsmanager:BatchGetSecretValue", "*"));

    public static ValueTask<IReadOnlyList<AccessDemand>> CreateAsync(
        SecretsManagerContext cx, CreateSecretRequest request, CancellationToken stop)
    {
        var tags = AccessRules.Tags(request.Tags, t => t.Key, t => t.Value);
        var create = new AccessDemand("secretsmanager:CreateSecret", SecretNames.ArnOfMissing(cx.Call, request.Name))
        {
            Keys = AccessRules.Keys(
                ("secretsmanager:Name", request.Name), ("secretsmanager:Description", request.Description), ("secretsmanager:KmsKeyId", request.KmsKeyId)),
            RequestTags = tags,
        };
        return tags is null ? AccessRules.Demand(create) : AccessRules.Demand(create, create with { Action = "secretsmanager:TagResource" });
    }

    public static async ValueTask<IReadOnlyList<AccessDemand>> UpdateAsync(
        SecretsManagerContext cx, UpdateSecretRequest request, CancellationToken stop) =>
    [
        await DemandAsync(
            cx, "UpdateSecret", request.SecretId, stop, ("secretsmanager:Description", request.Description), ("secretsmanager:KmsKeyId", request.KmsKeyId)),
    ];

    public static async ValueTask<IReadOnlyList<AccessDemand>> MoveStageAsync(
        SecretsManagerContext cx, UpdateSecretVersionStageRequest request, CancellationToken stop) =>
        [await DemandAsync(cx, "UpdateSecretVersionStage", request.SecretId, stop, ("secretsmanager:VersionStage", request.VersionStage))];

    public static async ValueTask<IReadOnlyList<AccessDemand>> DeleteAsync(
        SecretsManagerContext cx, DeleteSecretRequest request, CancellationToken stop) =>
    [
        await DemandAsync(
            cx, "DeleteSecret", request.SecretId, stop,
            ("secretsmanager:ForceDeleteWithoutRecovery", Text(request.ForceDeleteWithoutRecovery)),
            ("secretsmanager:RecoveryWindowInDays", request.RecoveryWindowInDays?.ToString(CultureInfo.InvariantCulture))),
    ];

    public static async ValueTask<IReadOnlyList<AccessDemand>> PutPolicyAsync(
        SecretsManagerContext cx, PutResourcePolicyRequest request, CancellationToken stop) =>
        [await DemandAsync(cx, "PutResourcePolicy", request.SecretId, stop, ("secretsmanager:BlockPublicPolicy", Text(request.BlockPublicPolicy)))];

    public static async ValueTask<IReadOnlyList<AccessDemand>> ValidatePolicyAsync(
        SecretsManagerContext cx, ValidateResourcePolicyRequest request, CancellationToken stop) =>
        request.SecretId is null
            ? [new AccessDemand("secretsmanager:ValidateResourcePolicy", "*")]
            : await SecretAsync(cx, "ValidateResourcePolicy", request.SecretId, stop);

    public static async ValueTask<IReadOnlyList<AccessDemand>> TagAsync(SecretsManagerContext cx, TagResourceRequest request, CancellationToken stop) =>
    [
        await DemandAsync(cx, "TagResource", request.SecretId, stop) with { RequestTags = AccessRules.Tags(request.Tags, t => t.Key, t => t.Value) },
    ];

    public static async ValueTask<IReadOnlyList<AccessDemand>> UntagAsync(SecretsManagerContext cx, UntagResourceRequest request, CancellationToken stop)
    {
        var demand = await DemandAsync(cx, "UntagResource", request.SecretId, stop);
        return [demand with { Keys = demand.Keys.Concat(AccessRules.TagKeys(request.TagKeys)).ToDictionary(StringComparer.OrdinalIgnoreCase) }];
    }

    /// <summary>
    /// Who names the task that is to rotate a secret has it run with the task's own rights: that asks for what running it by hand asks for.
    /// </summary>
    public static async ValueTask<IReadOnlyList<AccessDemand>> RotateAsync(
        SecretsManagerContext cx, RotateSecretRequest request, CancellationToken stop)
    {
        var rotate = await DemandAsync(
            cx, "RotateSecret", request.SecretId, stop, ("secretsmanager:RotationLambdaARN", request.RotationLambdaARN),
            ("secretsmanager:ModifyRotationRules", Text(request.RotationRules is not null)),
            ("secretsmanager:RotateImmediately", Text(request.RotateImmediately ?? true)));
        if (request.RotationLambdaARN is not { } target || !RotationTasks.IsTarget(target))
        {
            return [rotate];
        }
        Api.Ecs.TaskDefinition definition;
        try
        {
            definition = await RotationTasks.DefinitionAsync(cx.Call.Cloud, cx.Call.AccountId, cx.Call.Region, target, stop);
        }
        catch (AwsError)
        {
            // The operation will refuse it, to those who may know.
            return [rotate];
        }
        return
        [
            rotate, new AccessDemand("ecs:RunTask", definition.TaskDefinitionArn!),
            .. new[] { definition.TaskRoleArn, definition.ExecutionRoleArn }.OfType<string>().Distinct().Select(role => new AccessDemand("iam:PassRole", role)
            {
                Keys = AccessRules.Keys(("iam:PassedToService", "ecs-tasks.amazonaws.com")),
            }),
        ];
    }

    private static async ValueTask<AccessDemand> DemandAsync(
        SecretsManagerContext cx, string operation, string? secretId, CancellationToken stop, params (string Key, string? Value)[] keys)
    {
        var secret = (await cx.FindAsync(secretId, stop))?.Value;
        var arn = secret is null ? SecretNames.ArnOfMissing(cx.Call, secretId) : cx.ArnOf(secret);
        return new AccessDemand($"secretsmanager:{operation}", arn)
        {
            Keys = AccessRules.Keys([("secretsmanager:SecretId", arn), .. Tags(secret), .. keys]),
            ResourceTags = secret?.Tags,
            ResourcePolicy = secret?.Policy is { } policy ? PolicyTexts.Read(policy, PolicyUse.Resource) : null,
        };
    }

    // The service's own spelling of aws:ResourceTag, older than that.
    private static IEnumerable<(string Key, string? Value)> Tags(SecretDocument? secret) =>
        secret?.Tags.Select(t => ($"secretsmanager:ResourceTag/{t.Key}", (string?)t.Value)) ?? [];

    private static string? Text(bool? value) => value switch { null => null, true => "true", false => "false" };
}
