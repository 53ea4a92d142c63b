using Longspan.AgentLink;
using Longspan.Kernel;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Mirror;
using Longspan.Services.Ecs.Rules;
using Microsoft.Extensions.Logging;

namespace Longspan.Services.Ecs.Link;

/// <summary>The roles that a task runs with: its overrides' before its definition's.</summary>
internal readonly record struct TaskTemplateRoles(string? TaskRoleArn, string? ExecutionRoleArn)
{
    public static TaskTemplateRoles Of(TaskDocument task, TaskDefinitionDocument definition) => new(
        task.Overrides?.TaskRoleArn ?? definition.Definition.TaskRoleArn,
        task.Overrides?.ExecutionRoleArn ?? definition.Definition.ExecutionRoleArn);
}

// The part that tells an agent of one task: payloads, and the keys that go with them.
internal sealed partial class ControlSession
{
    /// <summary>When the keys end that were made in this connection, by credentials id.</summary>
    private readonly Dictionary<string, DateTimeOffset> _minted = new(StringComparer.Ordinal);
    /// <summary>
    /// Keys that were sent and not acknowledged yet: the message and when they end. Only acknowledged ones count after a reconnect: what went
    /// into a link that was already dead has reached nobody.
    /// </summary>
    private readonly Dictionary<string, (string MessageId, DateTimeOffset Expires)> _unconfirmed = new(StringComparer.Ordinal);

    /// <summary>False when it is to be tried again later; true when the agent has been told, or needs not be.</summary>
    private async ValueTask<bool> SendTaskAsync(AssignmentEntry entry, long generation, CancellationToken stop)
    {
        if (entry.Stop)
        {
            await SendPayloadAsync(
                entry.TaskId, new AgentTask { Arn = ArnOf(entry.TaskId), DesiredStatus = AgentTask.Stopped, Containers = [] }, generation, stop);
            if (entry.RoleCredentialsId is null && entry.ExecutionCredentialsId is null)
            {
                return true;
            }
        }
        var task = (await EcsMirror.TaskAsync(_link.Documents, _link.Scope, entry.TaskId, stop))?.Value;
        if (task is null || task.IsStopped)
        {
            return true;
        }
        var definition = (await DefinitionCache.GetAsync(_link.Documents, _link.Account.DocumentScope, task.Family, task.Revision, stop))?.Value;
        if (definition is null)
        {
            return entry.Stop || task.IsRunning || await FailAsync(entry.TaskId, "The task definition does not exist any more.", stop);
        }
        var roles = TaskTemplateRoles.Of(task, definition);
        _keys[entry.TaskId] = (entry, roles);
        if (entry.Stop || !Rules.TaskStatus.IsBefore(task.LastStatus, Rules.TaskStatus.Running))
        {
            // Known to run, perhaps while it stops: an agent that has just started needs its keys again, one that has only reconnected
            // still has them.
            if (_link.SendCredentials)
            {
                Expire(entry);
            }
            return true;
        }
        try
        {
            var (role, refusal) = await AssumeAsync(roles.TaskRoleArn, entry.RoleCredentialsId, entry.TaskId, stop);
            if (refusal is not null)
            {
                return await FailAsync(entry.TaskId, refusal, stop);
            }
            (var execution, refusal) = await AssumeAsync(roles.ExecutionRoleArn, entry.ExecutionCredentialsId, entry.TaskId, stop);
            if (refusal is not null)
            {
                return await FailAsync(entry.TaskId, refusal, stop);
            }
            await SendPayloadAsync(entry.TaskId, PayloadBuilder.Build(new PayloadInput
            {
                Task = task,
                Definition = definition,
                ClusterArn = _link.ClusterArn,
                Region = _link.Account.Region,
                AccountId = _link.Account.AccountId,
                Endpoint = _link.Endpoint,
                IsLongspanNode = _link.IsLongspanNode,
                Gpus = entry.Gpus,
                RoleCredentials = role,
                ExecutionRoleCredentials = execution,
            }), generation, stop);
            return true;
        }
        catch (Api.Shapes.AwsError fault)
        {
            LogNoKeys(entry.TaskId, fault);
            return false;
        }
    }

    private async ValueTask SendPayloadAsync(string taskId, AgentTask task, long generation, CancellationToken stop)
    {
        var id = Ids.Uuid();
        lock (_gate)
        {
            _unacknowledged[id] = taskId;
        }
        ExpectConfirmation(id, task.RoleCredentials);
        ExpectConfirmation(id, task.ExecutionRoleCredentials);
        await _socket.SendAsync(new PayloadMessage
        {
            MessageId = id,
            ClusterArn = _link.ClusterArn,
            ContainerInstanceArn = _link.Instance.Arn,
            SeqNum = generation,
            GeneratedAt = Now.ToUnixTimeMilliseconds(),
            Tasks = [task],
        }, stop);
    }

    private async ValueTask<bool> FailAsync(string taskId, string reason, CancellationToken stop)
    {
        await TaskChange.ApplyAsync(
            _link.Documents, _link.Turns, _link.Scope, taskId, t => t.WithStopped(StopCodes.FailedToStart, reason, Now), stop);
        return true;
    }

    private async ValueTask<(IAMRoleCredentials? Credentials, string? Refusal)> AssumeAsync(
        string? roleArn, string? credentialsId, string taskId, CancellationToken stop)
    {
        if (roleArn is null || credentialsId is null)
        {
            return (null, null);
        }
        var (credentials, expires, refusal) = await TaskCredentials.AssumeAsync(_link, roleArn, credentialsId, taskId, stop);
        if (credentials is not null)
        {
            _minted[credentialsId] = expires;
        }
        return (credentials, refusal);
    }

    private void ExpectConfirmation(string messageId, IAMRoleCredentials? keys)
    {
        if (keys?.CredentialsId is { } id && _minted.TryGetValue(id, out var expires))
        {
            lock (_gate)
            {
                _unconfirmed[id] = (messageId, expires);
            }
        }
    }

    private void ConfirmKeys(string messageId, string credentialsId)
    {
        lock (_gate)
        {
            if (_unconfirmed.TryGetValue(credentialsId, out var sent) && sent.MessageId == messageId)
            {
                _unconfirmed.Remove(credentialsId);
                _link.Sessions.CredentialExpiry[credentialsId] = sent.Expires;
            }
        }
    }

    private void ForgetKeys(AssignmentEntry entry)
    {
        Expire(entry);
        foreach (var id in new[] { entry.RoleCredentialsId, entry.ExecutionCredentialsId })
        {
            if (id is not null)
            {
                _minted.Remove(id);
                lock (_gate)
                {
                    _unconfirmed.Remove(id);
                }
            }
        }
    }

    private void Expire(AssignmentEntry entry)
    {
        foreach (var id in new[] { entry.RoleCredentialsId, entry.ExecutionCredentialsId })
        {
            if (id is not null)
            {
                _link.Sessions.CredentialExpiry.TryRemove(id, out _);
            }
        }
    }

    /// <summary>Pushes fresh keys for every live task whose keys are unknown to us or near their end. Returns when the next are due.</summary>
    private async ValueTask<DateTimeOffset> RefreshCredentialsAsync(CancellationToken stop)
    {
        var next = DateTimeOffset.MaxValue;
        var offlineLife = await OfflineLifeAsync(stop);
        foreach (var (taskId, (entry, roles)) in _keys)
        {
            var application = await RefreshAsync(
                taskId, roles.TaskRoleArn, entry.RoleCredentialsId, IAMRoleCredentialsMessage.TaskApplication, stop);
            var execution = await RefreshAsync(
                taskId, roles.ExecutionRoleArn, entry.ExecutionCredentialsId, IAMRoleCredentialsMessage.TaskExecution, stop);
            await GrantAsync(taskId, entry, roles.TaskRoleArn, offlineLife, stop);
            var due = application < execution ? application : execution;
            next = due < next ? due : next;
        }
        return next;
    }

    private async ValueTask<DateTimeOffset> RefreshAsync(
        string taskId, string? roleArn, string? credentialsId, string roleType, CancellationToken stop)
    {
        if (roleArn is null || credentialsId is null)
        {
            return DateTimeOffset.MaxValue;
        }
        if ((_minted.TryGetValue(credentialsId, out var expires) || _link.Sessions.CredentialExpiry.TryGetValue(credentialsId, out expires))
            && Now < expires - TaskCredentials.RefreshBefore)
        {
            return expires - TaskCredentials.RefreshBefore;
        }
        try
        {
            var (credentials, refusal) = await AssumeAsync(roleArn, credentialsId, taskId, stop);
            if (credentials is null)
            {
                // A running task is not stopped for it: the role may come back before the old keys expire.
                LogRoleGone(taskId, refusal ?? "");
                return Now + TimeSpan.FromMinutes(1);
            }
            var id = Ids.Uuid();
            ExpectConfirmation(id, credentials);
            await _socket.SendAsync(new IAMRoleCredentialsMessage
            {
                MessageId = id,
                TaskArn = ArnOf(taskId),
                TaskClusterArn = _link.ClusterArn,
                RoleType = roleType,
                RoleCredentials = credentials,
            }, stop);
            return _minted[credentialsId] - TaskCredentials.RefreshBefore;
        }
        catch (Api.Shapes.AwsError fault)
        {
            LogNoKeys(taskId, fault);
            return Now + RetryPause;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "No keys could be made for task {Task}; it will be tried again")]
    private partial void LogNoKeys(string task, Exception fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The keys of task {Task} could not be renewed: {Reason}")]
    private partial void LogRoleGone(string task, string reason);
}
