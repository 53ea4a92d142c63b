using Longspan.Api.Ecs;

namespace Longspan.Core.Tests.Access.Rules;

internal static class ContainerRules
{
    private const string Arn = "arn:aws:ecs:lab-1:123456789012:";
    private const string Cluster = "ecs:cluster=cluster/orders";
    private const string TaskRole = "arn:aws:iam::123456789012:role/orders-task";
    private const string PassTask = "iam:PassRole role/orders-task iam:PassedToService=ecs-tasks.amazonaws.com";
    private static readonly Tag[] s_tags = [new() { Key = "team", Value = "a" }];
    private static readonly EcsAttribute[] s_attributes = [new() { TargetId = "i1", Name = "rack", Value = "1" }, new() { TargetId = "i1", Name = "row", Value = "2" }];

    public static readonly Rule[] OfEcs = [.. Clusters(), .. Definitions(), .. Tasks(), .. Services(), .. TaskSets(), .. Tags()];

    public static readonly Rule[] OfEcr =
    [
        .. new[]
        {
            "BatchCheckLayerAvailability", "BatchDeleteImage", "BatchGetImage", "CompleteLayerUpload", "DeleteRepository", "DeleteRepositoryPolicy",
            "DescribeImages", "GetDownloadUrlForLayer", "GetRepositoryPolicy", "InitiateLayerUpload", "ListImages", "PutImage", "PutImageTagMutability",
            "SetRepositoryPolicy", "UploadLayerPart",
        }.Select(name => new Rule(name, new { RepositoryName = "orders/api" }, $"ecr:{name} repository/orders/api")),
        new("PutImage", new { RepositoryName = "orders/api", RegistryId = "999999999999" },
            "ecr:PutImage arn:aws:ecr:lab-1:999999999999:repository/orders/api"),
        new("GetAuthorizationToken", new { }, "ecr:GetAuthorizationToken *"),
        new("CreateRepository", new { RepositoryName = "orders/api", Tags = new[] { new Api.Ecr.Tag { Key = "team", Value = "a" } } },
            "ecr:CreateRepository repository/orders/api +team=a", "ecr:TagResource repository/orders/api +team=a"),
        new("DescribeRepositories", new { }, "ecr:DescribeRepositories repository/*"),
        new("DescribeRepositories", new { RepositoryNames = new[] { "a1", "b1" } },
            "ecr:DescribeRepositories repository/a1", "ecr:DescribeRepositories repository/b1"),
        new("ListTagsForResource", new { ResourceArn = "arn:aws:ecr:lab-1:123456789012:repository/a1" }, "ecr:ListTagsForResource repository/a1"),
        new("TagResource", new { ResourceArn = "arn:aws:ecr:lab-1:123456789012:repository/a1", Tags = new[] { new Api.Ecr.Tag { Key = "team", Value = "a" } } },
            "ecr:TagResource repository/a1 +team=a"),
        new("UntagResource", new { ResourceArn = "arn:aws:ecr:lab-1:123456789012:repository/a1", TagKeys = new[] { "team" } },
            "ecr:UntagResource repository/a1 aws:TagKeys=team"),
    ];

    private static IEnumerable<Rule> Clusters() =>
    [
        .. new[]
        {
            "DeleteCluster", "UpdateCluster", "UpdateClusterSettings", "SubmitAttachmentStateChanges", "SubmitContainerStateChange", "SubmitTaskStateChange",
            "DeregisterContainerInstance", "ListAttributes", "ListContainerInstances", "RegisterContainerInstance",
        }.Select(name => new Rule(name, new { Cluster = "orders" }, $"ecs:{name} cluster/orders {Cluster}")),
        .. new[] { "ListAccountSettings", "ListClusters", "ListServicesByNamespace", "DiscoverPollEndpoint" }.Select(
            name => new Rule(name, new { }, $"ecs:{name} *")),
        .. new[] { "DeleteAccountSetting", "PutAccountSetting", "PutAccountSettingDefault" }.Select(
            name => new Rule(name, new { Name = "taskLongArnFormat" }, $"ecs:{name} * ecs:account-setting=taskLongArnFormat")),
        .. new[] { "DeleteAttributes", "PutAttributes" }.Select(
            name => new Rule(name, new { Cluster = "orders", Attributes = s_attributes }, $"ecs:{name} container-instance/orders/i1 {Cluster}")),
        .. new[] { "DescribeContainerInstances", "UpdateContainerInstancesState" }.Select(
            name => new Rule(name, new { Cluster = "orders", ContainerInstances = new[] { "i1", Arn + "container-instance/orders/i2" } },
                $"ecs:{name} container-instance/orders/i1 {Cluster}", $"ecs:{name} container-instance/orders/i2 {Cluster}")),
        new("UpdateContainerAgent", new { Cluster = Arn + "cluster/orders", ContainerInstance = "i1" },
            $"ecs:UpdateContainerAgent container-instance/orders/i1 {Cluster}"),
        new("RegisterContainerInstance", new { Cluster = "orders", Tags = s_tags },
            $"ecs:RegisterContainerInstance cluster/orders {Cluster} +team=a",
            $"ecs:TagResource container-instance/orders/* ecs:CreateAction=RegisterContainerInstance {Cluster} +team=a"),
        new("CreateCluster", new { ClusterName = "orders", CapacityProviders = new[] { "FARGATE" }, Tags = s_tags },
            "ecs:CreateCluster * ecs:capacity-provider=FARGATE +team=a",
            "ecs:TagResource cluster/orders ecs:CreateAction=CreateCluster ecs:capacity-provider=FARGATE +team=a"),
        new("DescribeClusters", new { }, "ecs:DescribeClusters cluster/default ecs:cluster=cluster/default"),
        new("DescribeClusters", new { Clusters = new[] { "orders" } }, $"ecs:DescribeClusters cluster/orders {Cluster}"),
        new("DescribeClusters", new { Clusters = Enumerable.Repeat("orders", 101).ToArray() }, "ecs:DescribeClusters *"),
        new("CreateCapacityProvider", new { Name = "rack" }, "ecs:CreateCapacityProvider capacity-provider/rack"),
        new("DeleteCapacityProvider", new { CapacityProvider = Arn + "capacity-provider/rack" }, "ecs:DeleteCapacityProvider capacity-provider/rack"),
        new("UpdateCapacityProvider", new { Name = "rack" }, "ecs:UpdateCapacityProvider capacity-provider/rack"),
        new("DescribeCapacityProviders", new { }, "ecs:DescribeCapacityProviders *"),
        new("DescribeCapacityProviders", new { CapacityProviders = new[] { "rack" } }, "ecs:DescribeCapacityProviders capacity-provider/rack"),
        new("PutClusterCapacityProviders", new { Cluster = "orders", CapacityProviders = new[] { "rack", "FARGATE" } },
            $"ecs:PutClusterCapacityProviders cluster/orders ecs:capacity-provider=rack|FARGATE {Cluster}"),
    ];

    private static IEnumerable<Rule> Definitions() =>
    [
        .. new[] { "DeregisterTaskDefinition", "DescribeTaskDefinition", "ListTaskDefinitionFamilies", "ListTaskDefinitions" }.Select(
            name => new Rule(name, new { }, $"ecs:{name} *")),
        new("DeleteTaskDefinitions", new { TaskDefinitions = new[] { "api:1", Arn + "task-definition/api:2" } },
            "ecs:DeleteTaskDefinitions task-definition/api:1", "ecs:DeleteTaskDefinitions task-definition/api:2"),
        new("RegisterTaskDefinition",
            new
            {
                Family = "api", TaskRoleArn = TaskRole, ExecutionRoleArn = "orders-execution", RequiresCompatibilities = new[] { "FARGATE" }, Tags = s_tags,
                ContainerDefinitions = new[] { new ContainerDefinition { Privileged = true } },
            },
            "ecs:RegisterTaskDefinition * ecs:compute-compatibility=FARGATE ecs:privileged=true +team=a",
            "ecs:TagResource task-definition/api:* ecs:CreateAction=RegisterTaskDefinition ecs:compute-compatibility=FARGATE ecs:privileged=true +team=a",
            PassTask, "iam:PassRole role/orders-execution iam:PassedToService=ecs-tasks.amazonaws.com"),
    ];

    private static IEnumerable<Rule> Tasks() =>
    [
        .. new[] { "DescribeTasks", "GetTaskProtection", "UpdateTaskProtection" }.Select(
            name => new Rule(name, new { Cluster = "orders", Tasks = new[] { "t1", Arn + "task/orders/t2" } },
                $"ecs:{name} task/orders/t1 {Cluster}", $"ecs:{name} task/orders/t2 {Cluster}")),
        new("StopTask", new { Task = "t1" }, "ecs:StopTask task/default/t1 ecs:cluster=cluster/default"),
        new("ExecuteCommand", new { Cluster = "orders", Task = "t1", Container = "main" },
            $"ecs:ExecuteCommand task/orders/t1 {Cluster} ecs:container-name=main"),
        new("ListTasks", new { Cluster = "orders" }, $"ecs:ListTasks * {Cluster}"),
        new("ListTasks", new { Cluster = "orders", ContainerInstance = "i1" }, $"ecs:ListTasks container-instance/orders/i1 {Cluster}"),
        new("RunTask",
            new
            {
                Cluster = "orders", TaskDefinition = "api", EnableExecuteCommand = true, Tags = s_tags, Overrides = new TaskOverride { TaskRoleArn = TaskRole },
                CapacityProviderStrategy = new[] { new CapacityProviderStrategyItem { CapacityProvider = "rack" } },
            },
            $"ecs:RunTask task-definition/api ecs:capacity-provider=rack {Cluster} ecs:enable-execute-command=true +team=a",
            $"ecs:TagResource task/orders/* ecs:CreateAction=RunTask ecs:capacity-provider=rack {Cluster} ecs:enable-execute-command=true +team=a",
            PassTask),
        new("StartTask", new { Cluster = "orders", TaskDefinition = "api:7", ContainerInstances = new[] { "i1", "i2" } },
            $"ecs:StartTask task-definition/api:7 {Cluster} ecs:container-instances=container-instance/orders/i1|container-instance/orders/i2"),
    ];

    private static IEnumerable<Rule> Services() =>
    [
        .. new[] { "DeleteService", "ListServiceDeployments", "UpdateServicePrimaryTaskSet" }.Select(
            name => new Rule(name, new { Cluster = "orders", Service = "web" }, $"ecs:{name} service/orders/web {Cluster}")),
        new("DescribeServices", new { Cluster = "orders", Services = new[] { "web", Arn + "service/orders/api" } },
            $"ecs:DescribeServices service/orders/web {Cluster}", $"ecs:DescribeServices service/orders/api {Cluster}"),
        new("ListServices", new { Cluster = "orders" }, $"ecs:ListServices * {Cluster}"),
        new("CreateService", new { Cluster = "orders", ServiceName = "web", TaskDefinition = "web:3", Role = "ecs-service", Tags = s_tags },
            $"ecs:CreateService service/orders/web {Cluster} ecs:task-definition=task-definition/web:3 +team=a",
            $"ecs:TagResource service/orders/web ecs:CreateAction=CreateService {Cluster} ecs:task-definition=task-definition/web:3 +team=a",
            "iam:PassRole role/ecs-service iam:PassedToService=ecs.amazonaws.com"),
        new("UpdateService", new { Cluster = "orders", Service = "web", TaskDefinition = "web", EnableExecuteCommand = false },
            $"ecs:UpdateService service/orders/web {Cluster} ecs:enable-execute-command=false ecs:task-definition=task-definition/web"),
        .. new[] { "ContinueServiceDeployment", "StopServiceDeployment" }.Select(
            name => new Rule(name, new { ServiceDeploymentArn = Arn + "service-deployment/orders/web/d1" },
                $"ecs:{name} service-deployment/orders/web/d1 {Cluster} ecs:service=service/orders/web")),
        new("DescribeServiceDeployments", new { ServiceDeploymentArns = new[] { Arn + "service-deployment/orders/web/d1" } },
            $"ecs:DescribeServiceDeployments service-deployment/orders/web/d1 {Cluster} ecs:service=service/orders/web"),
        new("DescribeServiceRevisions", new { ServiceRevisionArns = new[] { Arn + "service-revision/orders/web/r1" } },
            $"ecs:DescribeServiceRevisions service-revision/orders/web/r1 {Cluster} ecs:service=service/orders/web"),
    ];

    private static IEnumerable<Rule> TaskSets() =>
    [
        new("CreateTaskSet", new { Cluster = "orders", Service = "web", TaskDefinition = "web:3" },
            $"ecs:CreateTaskSet task-set/orders/web/* {Cluster} ecs:service=service/orders/web ecs:task-definition=task-definition/web:3"),
        .. new[] { "DeleteTaskSet", "UpdateTaskSet" }.Select(
            name => new Rule(name, new { Cluster = "orders", Service = "web", TaskSet = "ecs-svc/1" },
                $"ecs:{name} task-set/orders/web/ecs-svc/1 {Cluster} ecs:service=service/orders/web")),
        new("DescribeTaskSets", new { Cluster = "orders", Service = "web" },
            $"ecs:DescribeTaskSets task-set/orders/web/* {Cluster} ecs:service=service/orders/web"),
        new("DescribeTaskSets", new { Cluster = "orders", Service = "web", TaskSets = new[] { Arn + "task-set/orders/web/ecs-svc/1" } },
            $"ecs:DescribeTaskSets task-set/orders/web/ecs-svc/1 {Cluster} ecs:service=service/orders/web"),
    ];

    private static IEnumerable<Rule> Tags() =>
    [
        new("ListTagsForResource", new { ResourceArn = Arn + "service/orders/web" }, $"ecs:ListTagsForResource service/orders/web {Cluster}"),
        // The short form of old ARNs stands for the default cluster; a policy for the long form must not miss it.
        new("ListTagsForResource", new { ResourceArn = Arn + "service/web" },
            "ecs:ListTagsForResource service/default/web ecs:cluster=cluster/default"),
        new("TagResource", new { ResourceArn = Arn + "task-definition/api:1", Tags = s_tags }, "ecs:TagResource task-definition/api:1 +team=a"),
        new("UntagResource", new { ResourceArn = Arn + "cluster/orders", TagKeys = new[] { "team" } },
            $"ecs:UntagResource cluster/orders aws:TagKeys=team {Cluster}"),
    ];
}
