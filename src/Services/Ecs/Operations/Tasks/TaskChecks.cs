using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>What RunTask, StartTask and the services refuse alike.</summary>
internal static class TaskChecks
{
    public const int MaximumStartedBy = 128;

    public static void LaunchType(TaskDefinitionDocument definition, string launchType)
    {
        if (!LaunchTypes.All.Contains(launchType))
        {
            throw new InvalidParameterException($"Launch type '{launchType}' is not valid.");
        }
        if (definition.Definition.Compatibilities?.Contains(launchType) is not true)
        {
            throw new InvalidParameterException($"Task definition does not support launch_type {launchType}.");
        }
    }

    /// <summary>What every request that makes tasks is checked for, whoever chooses their place.</summary>
    public static void Request(TaskDefinitionDocument definition, NetworkConfiguration? network, TaskOverride? overrides)
    {
        Network(definition, network);
        Overrides(definition, overrides);
    }

    /// <summary>The group that a task belongs to when its maker names none.</summary>
    public static string Group(string? group, TaskDefinitionDocument definition) =>
        string.IsNullOrEmpty(group) ? "family:" + definition.Family
        // A service counts the tasks of its group.
        : group.StartsWith("service:", StringComparison.Ordinal) ? throw new InvalidParameterException("Invalid namespace for group.") : group;

    public static void Network(TaskDefinitionDocument definition, NetworkConfiguration? network)
    {
        if (definition.IsAwsvpc && network?.AwsvpcConfiguration is null)
        {
            throw new InvalidParameterException("Network Configuration must be provided when networkMode 'awsvpc' is specified.");
        }
        if (!definition.IsAwsvpc && network?.AwsvpcConfiguration is not null)
        {
            throw new InvalidParameterException("Network Configuration is not valid for the given networkMode of this task definition.");
        }
    }

    public static void Overrides(TaskDefinitionDocument definition, TaskOverride? overrides)
    {
        OverrideRules.Check(definition, overrides);
    }

    public static string? StartedBy(string? name) =>
        name?.Length > MaximumStartedBy ? throw new InvalidParameterException($"startedBy can have at most {MaximumStartedBy} characters.") : name;

    /// <summary>What tags a task that no service starts may inherit.</summary>
    public static string? Propagation(string? propagateTags) => propagateTags is null or "NONE" or "TASK_DEFINITION"
        ? propagateTags
        : throw new InvalidParameterException($"Invalid propagateTags: {propagateTags}. Tasks that are not started by a service take TASK_DEFINITION or NONE.");

    /// <summary>A task's tags: inherited ones, its own before them, and those that ECS manages.</summary>
    /// <param name="managed">The cluster's name, when managed tags are asked for.</param>
    public static IReadOnlyDictionary<string, string> Tags(
        IReadOnlyList<Tag>? given, string? propagate, TaskDefinitionDocument definition, ServiceDocument? service = null, string? managed = null)
    {
        var result = new Dictionary<string, string>(propagate switch
        {
            "TASK_DEFINITION" => definition.Tags,
            "SERVICE" => service?.Tags ?? TagSet.Empty,
            _ => TagSet.Empty,
        }, StringComparer.Ordinal);
        foreach (var (key, value) in Shapes.Tags(given))
        {
            result[key] = value;
        }
        if (managed is not null)
        {
            result["aws:ecs:clusterName"] = managed;
            if (service is not null)
            {
                result["aws:ecs:serviceName"] = service.Name;
            }
        }
        return result;
    }
}
