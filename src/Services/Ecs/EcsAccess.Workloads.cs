using System.Globalization;
using Longspan.Api.Ecs;
using Longspan.Kernel.Access;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Link;
using Longspan.Services.Ecs.Operations;
using Longspan.Services.Ecs.Rules;

namespace Longspan.Services.Ecs;

// What is asked of the policies about definitions, tasks, services and their task sets.
internal static partial class EcsAccess
{
    private const string DefinitionKey = "ecs:task-definition";
    private const string ServicePrincipal = "ecs.amazonaws.com";

    /// <summary>The definition as the caller names it: a policy for a family's newest revision has its ARN without a number, as on AWS.</summary>
    public static async ValueTask<AccessDemand> DefinitionAsync(EcsContext cx, string action, string? reference, CancellationToken stop)
    {
        var (family, revision) = EcsNames.TaskDefinition(reference);
        var tags = revision is null ? null : await TagsAsync(
            cx, EcsKinds.TaskDefinition, cx.Scope, TaskDefinitionDocument.NameOf(family, revision.Value), d => d.Tags, stop);
        return new AccessDemand(action, DefinitionArn(cx, reference)!).Tagged(tags, OwnTagKey);
    }

    public static ValueTask<IReadOnlyList<AccessDemand>> DefinitionsAsync(EcsContext cx, DeleteTaskDefinitionsRequest request, CancellationToken stop)
    {
        const string Action = "ecs:DeleteTaskDefinitions";
        return EachAsync(Action, request.TaskDefinitions, name => DefinitionAsync(cx, Action, name, stop));
    }

    /// <summary>Whoever writes roles into a definition must be allowed to pass them.</summary>
    public static IReadOnlyList<AccessDemand> Register(EcsContext cx, RegisterTaskDefinitionRequest request)
    {
        var privileged = request.ContainerDefinitions?.Exists(c => c.Privileged == true) == true;
        var register = new AccessDemand("ecs:RegisterTaskDefinition", "*")
        {
            Keys = AccessRules.Keys(
                ("ecs:privileged", privileged ? "true" : "false"), ("ecs:task-cpu", request.Cpu), ("ecs:task-memory", request.Memory)),
        };
        if (request.RequiresCompatibilities is { Count: > 0 } compatibilities)
        {
            register = register.With(new Dictionary<string, IReadOnlyList<string>> { ["ecs:compute-compatibility"] = compatibilities });
        }
        return
        [
            .. Creation(register, cx.Arn($"task-definition/{request.Family}:*"), Tags(request.Tags)),
            .. Passing(cx, TaskCredentials.Principal, request.TaskRoleArn, request.ExecutionRoleArn),
        ];
    }

    public static async ValueTask<IReadOnlyList<AccessDemand>> RunAsync(EcsContext cx, RunTaskRequest request, CancellationToken stop)
    {
        var run = (await DefinitionAsync(cx, "ecs:RunTask", request.TaskDefinition, stop)).With(AccessRules.Keys(
            (ClusterKey, ClusterArn(cx, request.Cluster)), ("ecs:enable-execute-command", Flag(request.EnableExecuteCommand)),
            ("ecs:enable-ecs-managed-tags", Flag(request.EnableECSManagedTags)), ("ecs:propagate-tags", request.PropagateTags)))
            .With(Providers(request.CapacityProviderStrategy?.Select(s => s.CapacityProvider)));
        return await TasksAsync(cx, run, request.Cluster, request.TaskDefinition, request.Overrides, Tags(request.Tags), stop);
    }

    public static async ValueTask<IReadOnlyList<AccessDemand>> StartAsync(EcsContext cx, StartTaskRequest request, CancellationToken stop)
    {
        var cluster = EcsNames.Cluster(request.Cluster);
        var start = (await DefinitionAsync(cx, "ecs:StartTask", request.TaskDefinition, stop)).With(AccessRules.Keys(
            (ClusterKey, ClusterArn(cx, request.Cluster)), ("ecs:enable-execute-command", Flag(request.EnableExecuteCommand)),
            ("ecs:enable-ecs-managed-tags", Flag(request.EnableECSManagedTags)), ("ecs:propagate-tags", request.PropagateTags)));
        start = start.With(new Dictionary<string, IReadOnlyList<string>>
        {
            ["ecs:container-instances"] =
            [
                .. (request.ContainerInstances ?? []).Take(MaximumNames)
                    .Select(i => cx.Arn($"container-instance/{cluster}/{EcsNames.Member(i, "container-instance", cluster)}")),
            ],
        });
        return await TasksAsync(cx, start, request.Cluster, request.TaskDefinition, request.Overrides, Tags(request.Tags), stop);
    }

    /// <summary>Without an instance the list has no resource; with one, it is about that instance.</summary>
    public static async ValueTask<IReadOnlyList<AccessDemand>> ListTasksAsync(EcsContext cx, ListTasksRequest request, CancellationToken stop) =>
        [
            string.IsNullOrEmpty(request.ContainerInstance)
                ? InCluster(cx, "ecs:ListTasks", request.Cluster)
                : await InstanceAsync(cx, "ecs:ListTasks", request.Cluster, request.ContainerInstance, stop),
        ];

    public static async ValueTask<IReadOnlyList<AccessDemand>> ExecuteAsync(EcsContext cx, ExecuteCommandRequest request, CancellationToken stop) =>
        [
            (await EcsTaskAsync(cx, "ecs:ExecuteCommand", request.Cluster, request.Task, stop))
                .With(AccessRules.Keys(("ecs:container-name", request.Container))),
        ];

    public static async ValueTask<IReadOnlyList<AccessDemand>> CreateServiceAsync(EcsContext cx, CreateServiceRequest request, CancellationToken stop)
    {
        var create = (await ServiceAsync(cx, "ecs:CreateService", request.Cluster, request.ServiceName, stop)).With(AccessRules.Keys(
            (DefinitionKey, DefinitionArn(cx, request.TaskDefinition)), ("ecs:enable-execute-command", Flag(request.EnableExecuteCommand)),
            ("ecs:enable-ecs-managed-tags", Flag(request.EnableECSManagedTags)), ("ecs:propagate-tags", request.PropagateTags)))
            .With(Providers(request.CapacityProviderStrategy?.Select(s => s.CapacityProvider)));
        // The tags of an earlier service of that name are not those of the new one.
        create = create with { ResourceTags = null };
        return [.. Creation(create, create.Resource, Tags(request.Tags)), .. Passing(cx, ServicePrincipal, request.Role)];
    }

    public static async ValueTask<IReadOnlyList<AccessDemand>> UpdateServiceAsync(EcsContext cx, UpdateServiceRequest request, CancellationToken stop) =>
        [
            (await ServiceAsync(cx, "ecs:UpdateService", request.Cluster, request.Service, stop)).With(AccessRules.Keys(
                (DefinitionKey, DefinitionArn(cx, request.TaskDefinition)), ("ecs:enable-execute-command", Flag(request.EnableExecuteCommand)),
                ("ecs:enable-ecs-managed-tags", Flag(request.EnableECSManagedTags)), ("ecs:propagate-tags", request.PropagateTags)))
                .With(Providers(request.CapacityProviderStrategy?.Select(s => s.CapacityProvider))),
        ];

    public static IReadOnlyList<AccessDemand> CreateSet(EcsContext cx, CreateTaskSetRequest request)
    {
        var create = Set(cx, "ecs:CreateTaskSet", request.Cluster, request.Service, "*")
            .With(AccessRules.Keys((DefinitionKey, DefinitionArn(cx, request.TaskDefinition))))
            .With(Providers(request.CapacityProviderStrategy?.Select(s => s.CapacityProvider)));
        return Creation(create, create.Resource, Tags(request.Tags));
    }

    public static AccessDemand Set(EcsContext cx, string action, string? cluster, string? service, string? reference)
    {
        var clusterName = EcsNames.Cluster(cluster);
        var serviceName = EcsNames.Member(service, "service", clusterName);
        var id = TaskSetRules.IdOf(cx, clusterName, serviceName, reference);
        return new AccessDemand(action, TaskSetRules.ArnOf(cx, clusterName, serviceName, id))
        {
            Keys = AccessRules.Keys((ClusterKey, ClusterArn(cx, cluster)), (ServiceKey, cx.Arn($"service/{clusterName}/{serviceName}"))),
        };
    }

    /// <summary>The named sets of a service, or all that it has.</summary>
    public static ValueTask<IReadOnlyList<AccessDemand>> SetsAsync(EcsContext cx, DescribeTaskSetsRequest request)
    {
        const string Action = "ecs:DescribeTaskSets";
        return request.TaskSets is { Count: > 0 } sets
            ? EachAsync(Action, sets, set => ValueTask.FromResult(Set(cx, Action, request.Cluster, request.Service, set)))
            : AccessRules.Demand(Set(cx, Action, request.Cluster, request.Service, "*"));
    }

    /// <summary>A rollout or revision of a service, named by its ARN. Whose ARN it is, the operation checks.</summary>
    public static AccessDemand Rollout(EcsContext cx, string action, string? arn)
    {
        var parts = Kernel.Arn.TryParse(arn, out var parsed) ? parsed.Resource.Split('/') : [];
        return parts.Length != 4
            ? new AccessDemand(action, "*")
            : new AccessDemand(action, arn!)
            {
                Keys = AccessRules.Keys((ClusterKey, cx.Arn($"cluster/{parts[1]}")), (ServiceKey, cx.Arn($"service/{parts[1]}/{parts[2]}"))),
            };
    }

    public static ValueTask<IReadOnlyList<AccessDemand>> RolloutsAsync(EcsContext cx, string action, IReadOnlyList<string>? arns) =>
        EachAsync(action, arns, arn => ValueTask.FromResult(Rollout(cx, action, arn)));

    /// <summary>What starting tasks needs beside the action itself: the roles that they will have, and tags.</summary>
    private static async ValueTask<IReadOnlyList<AccessDemand>> TasksAsync(
        EcsContext cx, AccessDemand start, string? cluster, string? definition, TaskOverride? overrides,
        IReadOnlyDictionary<string, string>? tags, CancellationToken stop)
    {
        var roles = (await cx.FindTaskDefinitionAsync(definition, stop))?.Value.Definition;
        return
        [
            .. Creation(start, cx.Arn($"task/{EcsNames.Cluster(cluster)}/*"), tags),
            .. Passing(cx, TaskCredentials.Principal, overrides?.TaskRoleArn ?? roles?.TaskRoleArn, overrides?.ExecutionRoleArn ?? roles?.ExecutionRoleArn),
        ];
    }

    private static IEnumerable<AccessDemand> Passing(EcsContext cx, string service, params string?[] roles) =>
        roles.Where(role => !string.IsNullOrEmpty(role)).Distinct(StringComparer.Ordinal).Select(role =>
            new AccessDemand("iam:PassRole", role!.StartsWith("arn:", StringComparison.Ordinal) ? role : $"arn:aws:iam::{cx.Call.AccountId}:role/{role}")
            {
                Keys = AccessRules.Keys(("iam:PassedToService", service)),
            });

    private static string ClusterArn(EcsContext cx, string? cluster) => cx.Arn($"cluster/{EcsNames.Cluster(cluster)}");

    private static string? DefinitionArn(EcsContext cx, string? reference)
    {
        if (string.IsNullOrEmpty(reference))
        {
            return null;
        }
        var (family, revision) = EcsNames.TaskDefinition(reference);
        return cx.Arn(string.Create(CultureInfo.InvariantCulture, $"task-definition/{family}{(revision is null ? "" : ":")}{revision}"));
    }

    private static string? Flag(bool? value) => value switch { true => "true", false => "false", null => null };
}
