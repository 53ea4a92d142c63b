using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>What RunTask, StartTask and the services refuse alike.</summary>
internal static class TaskChecks
{
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
    public static string Group(string? group, TaskDefinitionDocument definition) => string.IsNullOrEmpty(group) ? "family:" + definition.Family : group;

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

    public static IReadOnlyDictionary<string, string> Tags(
        IReadOnlyList<Tag>? given, string? propagate, TaskDefinitionDocument definition, IReadOnlyDictionary<string, string>? fromService = null)
    {
        var result = new Dictionary<string, string>(propagate switch
        {
            "TASK_DEFINITION" => definition.Tags,
            "SERVICE" => fromService ?? TagSet.Empty,
            _ => TagSet.Empty,
        }, StringComparer.Ordinal);
        foreach (var (key, value) in Shapes.Tags(given))
        {
            result[key] = value;
        }
        return result;
    }
}
