using Longspan.Kernel;
using Longspan.Kernel.Reconcilers;
using Longspan.Services.SecretsManager.Documents;
using Longspan.Services.SecretsManager.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.SecretsManager.Reconcilers;

/// <summary>
/// Starts rotations when their windows open, and leads each through its four steps: one task for a step, the next step when the task has ended well, the
/// same step again after a pause when it has not. One shard for each secret that is rotated.
/// </summary>
internal sealed class RotationReconciler(Cloud cloud) : Reconciler
{
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestStep = TimeSpan.FromHours(1);

    public override string Name => "secretsmanager-rotation";

    public override TimeSpan Period => TimeSpan.FromMinutes(5);

    public override string? ShardOf(DocumentChange change) =>
        change.Key.Kind == SecretsManagerKinds.Rotations.Name || (change.Key.Kind == SecretsManagerKinds.Secrets.Name && !change.Deleted)
            ? SecretShards.Of(change.Key)
            : null;

    public override ValueTask<IReadOnlyList<string>> ListShardsAsync(CancellationToken stop) =>
        SecretShards.ListAsync(cloud.Documents, secret => secret.Rotation is not null, stop);

    public override async ValueTask<TimeSpan?> RunAsync(string shard, CancellationToken stop)
    {
        var (scope, name) = SecretShards.Split(shard);
        var secret = await cloud.Documents.GetAsync(SecretsManagerKinds.Secrets, scope, name, stop);
        if (secret?.Value is not { Rotation: { IsEnabled: true } schedule, Deletion: null })
        {
            return null;
        }
        var rotation = await cloud.Documents.GetAsync(SecretsManagerKinds.Rotations, scope, name, stop);
        var call = SecretShards.Call(cloud, scope);
        if (rotation is { Value.GaveUp: false })
        {
            return await LeadAsync(call, secret, rotation, stop);
        }
        if (schedule.NextAt is not { } opening)
        {
            return null;
        }
        if (opening > call.Now)
        {
            return opening - call.Now < Period ? opening - call.Now : null;
        }
        var commit = new Commit();
        var due = secret.Value with { Rotation = schedule with { NextAt = RotationSchedule.NextOpening(schedule, call.Now) } };
        RotationStart.AddTo(commit, secret, due, rotation, Ids.Uuid(), call.Now);
        await cloud.Documents.CommitAsync(commit, stop);
        return s_look;
    }

    private async ValueTask<TimeSpan?> LeadAsync(
        CallContext call, Document<SecretDocument> secret, Document<RotationDocument> rotation, CancellationToken stop)
    {
        var now = rotation.Value;
        if (!now.IsOf(secret.Value) || !secret.Value.Versions.TryGetValue(now.Token, out var version) || version.Stages.Count == 0)
        {
            // Somebody took the labels from the version: that calls the rotation off.
            await cloud.Documents.CommitAsync(new Commit().Delete(rotation), stop);
            return null;
        }
        if (now.RetryAt > call.Now)
        {
            return now.RetryAt - call.Now;
        }
        if (now.TaskArn is null)
        {
            var (running, refusal) = await RotationTasks.StartAsync(call, secret.Value, now, stop);
            return await NoteAsync(rotation, running ?? RotationSteps.Failed(now, refusal!, call.Now), stop);
        }
        var outcome = await RotationTasks.OutcomeAsync(call, now, stop);
        if (outcome is null)
        {
            if (call.Now - now.RunningSince < s_longestStep)
            {
                return s_look;
            }
            await RotationTasks.StopAsync(call, now, "The rotation step takes too long.", stop);
            outcome = $"{now.TaskArn} took longer than {s_longestStep.TotalMinutes:F0} minutes and was stopped";
        }
        // What the step did is seen in the secret as it is after the task's end.
        var after = await cloud.Documents.GetAsync(SecretsManagerKinds.Secrets, secret.Key.Scope, secret.Key.Name, stop);
        if (after is null || !after.Value.Versions.ContainsKey(now.Token))
        {
            return s_look;
        }
        if (outcome.Length == 0)
        {
            outcome = RotationSteps.Missing(now, after.Value) ?? "";
        }
        if (outcome.Length > 0)
        {
            return await NoteAsync(rotation, RotationSteps.Failed(now, outcome, call.Now), stop);
        }
        return RotationSteps.Next(now) is { } next ? await NoteAsync(rotation, next, stop) : await FinishAsync(call, after, rotation, stop);
    }

    private async ValueTask<TimeSpan?> NoteAsync(Document<RotationDocument> rotation, RotationDocument changed, CancellationToken stop)
    {
        await cloud.Documents.CommitAsync(new Commit().Update(SecretsManagerKinds.Rotations, rotation, changed), stop);
        return s_look;
    }

    private async ValueTask<TimeSpan?> FinishAsync(
        CallContext call, Document<SecretDocument> secret, Document<RotationDocument> rotation, CancellationToken stop)
    {
        var schedule = secret.Value.Rotation! with { LastRotatedAt = call.Now };
        var finished = Stages.Remove(secret.Value, Stages.Pending) with
        {
            Rotation = schedule with { NextAt = RotationSchedule.NextOpening(schedule, call.Now) },
            ChangedAt = call.Now,
        };
        var commit = new Commit().Update(SecretsManagerKinds.Secrets, secret, finished).Delete(rotation);
        await cloud.Documents.CommitAsync(commit, stop);
        return s_look;
    }
}
