using Longspan.Api.SecretsManager;
using Longspan.Api.Shapes;
using Longspan.Services.SecretsManager.Documents;
using Longspan.Services.SecretsManager.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.SecretsManager.Operations;

/// <summary>Keeps how the secret is rotated, and prepares the version that the rotation will fill. The pass does the rest.</summary>
internal static class RotateSecret
{
    private const int MaximumTarget = 2048;

    public static async ValueTask<RotateSecretResponse> HandleAsync(
        SecretsManagerContext cx, RotateSecretRequest request, CancellationToken stop)
    {
        var token = NewValue.CheckToken(request.ClientRequestToken)
            ?? throw new InvalidParameterException("You must provide a ClientRequestToken value. We recommend a UUID-type value.");
        if (request.ExternalSecretRotationMetadata is { Count: > 0 } || request.ExternalSecretRotationRoleArn is not null)
        {
            throw new InvalidParameterException("Secrets that a partner holds are not supported here.");
        }
        var immediately = request.RotateImmediately ?? true;
        await CheckTargetAsync(cx, request.RotationLambdaARN, stop);
        var secret = await cx.ChangeAsync(
            () => cx.RequireAsync(request.SecretId, stop), read => DecideAsync(cx, request, token, immediately, read, stop), stop);
        return new RotateSecretResponse { ARN = cx.ArnOf(secret), Name = secret.Name, VersionId = immediately ? token : null };
    }

    private static async ValueTask<(SecretDocument Secret, Commit? Commit)> DecideAsync(
        SecretsManagerContext cx, RotateSecretRequest request, string token, bool immediately, Document<SecretDocument> read, CancellationToken stop)
    {
        var rotation = await cx.Documents.GetAsync(SecretsManagerKinds.Rotations, cx.Scope, read.Value.Name, stop);
        if (immediately && read.Value.Versions.ContainsKey(token))
        {
            // The same request again: its rotation is under way, or done.
            return (read.Value, null);
        }
        if (RotationStart.Unfinished(read.Value) is { } unfinished)
        {
            await TakeUpAsync(cx, read, rotation, unfinished, stop);
            throw new InvalidRequestException("A previous rotation isn't complete. That rotation will be reattempted.");
        }
        var target = request.RotationLambdaARN ?? read.Value.Rotation?.Target
            ?? throw new InvalidRequestException("No Lambda rotation function ARN is associated with this secret.");
        var present = read.Value.Rotation ?? new SecretRotation(target) { IsEnabled = true };
        var schedule = RotationSchedule.With(present with { Target = target, IsEnabled = true }, request.RotationRules);
        var changed = read.Value with { Rotation = schedule with { NextAt = RotationSchedule.NextOpening(schedule, cx.Now) }, ChangedAt = cx.Now };
        var commit = new Commit();
        if (immediately)
        {
            changed = RotationStart.AddTo(commit, read, changed, rotation, token, cx.Now);
        }
        else
        {
            commit.Update(SecretsManagerKinds.Secrets, read, changed);
        }
        return (changed, commit);
    }

    private static async ValueTask TakeUpAsync(
        SecretsManagerContext cx, Document<SecretDocument> read, Document<RotationDocument>? rotation, string unfinished, CancellationToken stop)
    {
        if (read.Value.Rotation is not { IsEnabled: true })
        {
            return;
        }
        var commit = new Commit();
        RotationStart.TakeUp(commit, cx.Scope, read.Value, rotation, unfinished);
        if (!commit.IsEmpty)
        {
            // Whoever was quicker has taken it up.
            await cx.Documents.CommitAsync(commit.Expect(read), stop);
        }
    }

    private static async ValueTask CheckTargetAsync(SecretsManagerContext cx, string? target, CancellationToken stop)
    {
        if (target is null)
        {
            return;
        }
        if (target.Length > MaximumTarget || !RotationTasks.IsTarget(target))
        {
            throw new InvalidParameterException(
                "RotationLambdaARN must be the ARN of an ECS task definition here: arn:aws:ecs:REGION:ACCOUNT:task-definition/FAMILY, with or without a "
                + "revision.");
        }
        try
        {
            await RotationTasks.DefinitionAsync(cx.Call.Cloud, cx.Call.AccountId, cx.Call.Region, target, stop);
        }
        catch (AwsError refused) when (!refused.IsServerFault)
        {
            throw new InvalidParameterException($"The task definition {target} that is to rotate the secret can't be used: {refused.Message}");
        }
    }
}
