using System.Collections.Concurrent;
using Longspan.AgentLink;
using Longspan.Kernel.Access;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Mirror;
using Longspan.Services.Ecs.Rules;
using Microsoft.Extensions.Logging;

namespace Longspan.Services.Ecs.Link;

// The part that hands out keys for the time of a cut, to nodes of ours in clusters whose operator wants it.
internal sealed partial class ControlSession
{
    /// <summary>Of which life, and beside usual keys of which end, by task. A task of which only the node says that it has some has neither.</summary>
    private readonly ConcurrentDictionary<string, (TimeSpan Life, DateTimeOffset UsualEnd)> _granted = new(StringComparer.Ordinal);

    private async ValueTask<TimeSpan?> OfflineLifeAsync(CancellationToken stop)
    {
        if (_link.Cloud.Settings.AwsStrict || !_link.Instance.HasAttribute(NodeCapability.OfflineCredentials)
            || !_keys.Values.Any(k => k.Roles.TaskRoleArn is not null)
            || await EcsMirror.ReadAsync(_link.Documents, _link.Scope, c => c.Node(_link.Instance.Id)?.Instance.Value, stop) is not { } instance
            || await _link.Documents.GetAsync(EcsKinds.Cluster, _link.Account.DocumentScope, instance.ClusterName, stop) is not { } cluster)
        {
            return null;
        }
        return OfflineCredentials.LifeFor(cluster.Value.Tags, instance);
    }

    /// <summary>They follow the usual keys: made anew whenever those are, so that the end of the one is where the other's use begins.</summary>
    private async ValueTask GrantAsync(string taskId, AssignmentEntry entry, string? roleArn, TimeSpan? life, CancellationToken stop)
    {
        if (life is null || entry.Stop || roleArn is null || entry.RoleCredentialsId is not { } id)
        {
            if (_granted.TryRemove(taskId, out _))
            {
                await _socket.SendAsync(new OfflineCredentialsMessage { TaskArn = ArnOf(taskId) }, stop);
            }
            return;
        }
        if ((!_minted.TryGetValue(id, out var usualEnd) && !_link.Sessions.CredentialExpiry.TryGetValue(id, out usualEnd))
            || (_granted.TryGetValue(taskId, out var granted) && granted == (life.Value, usualEnd)))
        {
            return;
        }
        try
        {
            var bound = new OfflineClaims { TaskArn = ArnOf(taskId), InstanceId = _link.Instance.Id, UsableFromSeconds = usualEnd.ToUnixTimeSeconds() };
            var (keys, _, refusal) = await TaskCredentials.AssumeAsync(_link, roleArn, id, taskId, life.Value, bound, stop);
            _granted[taskId] = (life.Value, usualEnd);
            if (keys is null)
            {
                LogRoleGone(taskId, refusal ?? "");
                return;
            }
            await _socket.SendAsync(
                new OfflineCredentialsMessage { TaskArn = bound.TaskArn, RoleCredentials = keys, UsableFrom = bound.UsableFromSeconds }, stop);
        }
        catch (Api.Shapes.AwsError fault)
        {
            // The usual keys' next renewal is the next attempt.
            LogNoKeys(taskId, fault);
        }
    }
}
