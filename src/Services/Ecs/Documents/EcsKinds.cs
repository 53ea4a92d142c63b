using System.Text.Json.Serialization;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Documents;

/// <summary>The kinds of document that ECS keeps. Names on disk are frozen.</summary>
internal static class EcsKinds
{
    public const string ByService = "service";
    public const string ByStatus = "status";
    public const string Waiting = "waiting";
    public const string Open = "open";
    public const string Yes = "yes";

    public static readonly DocumentKind<ClusterDocument> Cluster = new()
    {
        Name = "ecs.cluster", Json = EcsJson.Default.ClusterDocument,
    };

    public static readonly DocumentKind<TaskDefinitionFamilyDocument> Family = new()
    {
        Name = "ecs.family", Json = EcsJson.Default.TaskDefinitionFamilyDocument,
    };

    public static readonly DocumentKind<TaskDefinitionDocument> TaskDefinition = new()
    {
        Name = "ecs.task-definition", Json = EcsJson.Default.TaskDefinitionDocument,
    };

    public static readonly DocumentKind<ServiceDocument> Service = new()
    {
        Name = "ecs.service", Json = EcsJson.Default.ServiceDocument, Observed = true,
    };

    public static readonly DocumentKind<ContainerInstanceDocument> Instance = new()
    {
        Name = "ecs.container-instance", Json = EcsJson.Default.ContainerInstanceDocument, Observed = true,
    };

    public static readonly DocumentKind<AssignmentDocument> Assignment = new()
    {
        Name = "ecs.assignment", Json = EcsJson.Default.AssignmentDocument, Secret = true, Observed = true,
    };

    public static readonly DocumentKind<TaskDocument> EcsTask = new()
    {
        Name = "ecs.task", Json = EcsJson.Default.TaskDocument, Indexes = (_, task) => IndexesOf(task), Observed = true,
    };

    public static readonly DocumentKind<CapacityProviderDocument> CapacityProvider = new()
    {
        Name = "ecs.capacity-provider", Json = EcsJson.Default.CapacityProviderDocument,
    };

    public static readonly DocumentKind<ClientTokenDocument> ClientToken = new()
    {
        Name = "ecs.client-token", Json = EcsJson.Default.ClientTokenDocument,
    };

    public static readonly DocumentKind<AccountSettingDocument> AccountSetting = new()
    {
        Name = "ecs.account-setting", Json = EcsJson.Default.AccountSettingDocument,
    };

    // "open" holds dead tasks that their services have not accounted for. (Earlier releases put the services' live ones there as well.)
    private static IEnumerable<(string Index, string Value)> IndexesOf(TaskDocument task)
    {
        if (task.IsAbridged)
        {
            throw new InvalidOperationException($"Task {task.Id} was read from the mirror, which does not keep all of it; it must not be written back.");
        }
        yield return (ByStatus, task.IsStopped ? Rules.TaskStatus.Stopped : Rules.TaskStatus.Running);
        if (task.IsWaiting)
        {
            yield return (Waiting, Yes);
        }
        if (task.ServiceName is { } service)
        {
            yield return (ByService, service);
            if (task.IsStopped && !task.Accounted)
            {
                yield return (Open, Yes);
            }
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ClusterDocument))]
[JsonSerializable(typeof(TaskDefinitionDocument))]
[JsonSerializable(typeof(TaskDefinitionFamilyDocument))]
[JsonSerializable(typeof(ServiceDocument))]
[JsonSerializable(typeof(TaskDocument))]
[JsonSerializable(typeof(ContainerInstanceDocument))]
[JsonSerializable(typeof(AssignmentDocument))]
[JsonSerializable(typeof(CapacityProviderDocument))]
[JsonSerializable(typeof(ClientTokenDocument))]
[JsonSerializable(typeof(AccountSettingDocument))]
internal sealed partial class EcsJson : JsonSerializerContext;
