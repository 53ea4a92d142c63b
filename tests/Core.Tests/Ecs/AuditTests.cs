using Longspan.Api.Ecs;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>Small print of the API: tags, tokens, pages, defaults, and settings that are refused because nothing would act on them.</summary>
public sealed class AuditTests
{
    private static async Task<string> RefusedAsync(Func<Task> call)
    {
        var error = await EcsCloud.RefusedAsync(call);
        return $"{error.Code}: {error.Message}";
    }

    private static CreateServiceRequest Web(Action<CreateServiceRequest>? change = null)
    {
        var request = new CreateServiceRequest { ServiceName = "web", TaskDefinition = "web", DesiredCount = 1, LaunchType = "EXTERNAL" };
        change?.Invoke(request);
        return request;
    }

    private static async Task<Dictionary<string, string>> TagsAsync(EcsCloud cloud, string arn) =>
        (await cloud.CallAsync(EcsOperations.ListTagsForResource, new() { ResourceArn = arn })).Tags!.ToDictionary(t => t.Key!, t => t.Value!);

    [Fact]
    public async Task TasksInheritTagsAndGetManagedOnes()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        await cloud.RegisterAsync("web", r => r.Tags = [new() { Key = "from", Value = "definition" }, new() { Key = "own", Value = "definition" }]);
        await cloud.CallAsync(EcsOperations.CreateService, Web(r =>
            (r.Tags, r.PropagateTags, r.EnableECSManagedTags) = ([new() { Key = "from", Value = "service" }], "SERVICE", true)));
        await cloud.UntilStableAsync("web", 1);
        var served = (await cloud.CallAsync(EcsOperations.ListTasks, new() { ServiceName = "web" })).TaskArns!.Single();
        Assert.Equal(new Dictionary<string, string> { ["from"] = "service", ["aws:ecs:clusterName"] = "default", ["aws:ecs:serviceName"] = "web" },
            await TagsAsync(cloud, served));

        async Task<string> RunAsync(string? propagate, bool managed) => (await cloud.CallAsync(EcsOperations.RunTask, new()
        {
            TaskDefinition = "web", LaunchType = "EXTERNAL", PropagateTags = propagate, EnableECSManagedTags = managed, Tags = [new() { Key = "own", Value = "task" }],
        })).Tasks!.Single().TaskArn!;
        Assert.Equal(new Dictionary<string, string> { ["from"] = "definition", ["own"] = "task", ["aws:ecs:clusterName"] = "default" },
            await TagsAsync(cloud, await RunAsync("TASK_DEFINITION", true)));
        Assert.Equal(new Dictionary<string, string> { ["own"] = "task" }, await TagsAsync(cloud, await RunAsync(null, false)));
        Assert.StartsWith("InvalidParameterException: Invalid propagateTags", await RefusedAsync(() => RunAsync("SERVICE", false)), StringComparison.Ordinal);
        Assert.StartsWith("InvalidParameterException", await RefusedAsync(() => cloud.CallAsync(
            EcsOperations.UntagResource, new() { ResourceArn = served, TagKeys = ["aws:ecs:serviceName"] })), StringComparison.Ordinal);
        foreach (var tags in new List<Tag>[] {
            [new() { Key = "aws:x", Value = "1" }], [new() { Key = new string('k', 129), Value = "1" }], [new() { Key = "k", Value = new string('v', 257) }],
            [new() { Key = "k", Value = "1" }, new() { Key = "k", Value = "2" }], [.. Enumerable.Range(0, 51).Select(i => new Tag { Key = $"k{i}", Value = "" })] })
        {
            Assert.StartsWith("InvalidParameterException", await RefusedAsync(() => cloud.CallAsync(
                EcsOperations.TagResource, new() { ResourceArn = served, Tags = tags })), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ARepeatedCreateServiceAnswersAgainAndAnotherIsRefused()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await cloud.RegisterAsync("web");
        var first = (await cloud.CallAsync(EcsOperations.CreateService, Web(r => r.ClientToken = "t"))).Service!;
        foreach (var token in new[] { "t", "u", null })
        {
            Assert.Equal(first.Deployments![0].Id, (await cloud.CallAsync(EcsOperations.CreateService, Web(r => r.ClientToken = token))).Service!.Deployments![0].Id);
        }
        Assert.Equal("InvalidParameterException: Creation of service was not idempotent.",
            await RefusedAsync(() => cloud.CallAsync(EcsOperations.CreateService, Web(r => (r.ClientToken, r.DesiredCount) = ("t", 2)))));
        Assert.StartsWith("InvalidParameterException: ClientToken", await RefusedAsync(() => cloud.CallAsync(
            EcsOperations.CreateService, Web(r => (r.ServiceName, r.ClientToken) = ("other", new string('t', 37))))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServicesAreListedTenAtATimeUnlessMoreAreAskedFor()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await cloud.RegisterAsync("web");
        for (var i = 0; i < 12; i++)
        {
            await cloud.CallAsync(EcsOperations.CreateService, Web(r => (r.ServiceName, r.DesiredCount) = ($"s{i}", 0)));
        }
        var page = await cloud.CallAsync(EcsOperations.ListServices, new());
        Assert.Equal(10, page.ServiceArns!.Count);
        var rest = await cloud.CallAsync(EcsOperations.ListServices, new() { NextToken = page.NextToken });
        Assert.Equal((2, null), (rest.ServiceArns!.Count, rest.NextToken));
        Assert.Equal(12, (await cloud.CallAsync(EcsOperations.ListServices, new() { MaxResults = 100 })).ServiceArns!.Count);
        foreach (var size in new[] { 0, 101, -1 })
        {
            Assert.StartsWith("InvalidParameterException", await RefusedAsync(() => cloud.CallAsync(EcsOperations.ListServices, new() { MaxResults = size })), StringComparison.Ordinal);
        }
        Assert.StartsWith("InvalidParameterException", await RefusedAsync(() => cloud.CallAsync(EcsOperations.ListServices, new() { NextToken = "?" })), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SettingsThatNothingActsOnAreRefused()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await cloud.RegisterAsync("web");
        var cases = new (string Code, Action<CreateServiceRequest> Change)[]
        {
            ("UnsupportedFeatureException", r => r.ServiceConnectConfiguration = new() { Enabled = true }),
            ("UnsupportedFeatureException", r => r.VolumeConfigurations = [new() { Name = "v" }]),
            ("UnsupportedFeatureException", r => r.VpcLatticeConfigurations = [new()]),
            ("UnsupportedFeatureException", r => r.DeploymentController = new() { Type = "CODE_DEPLOY" }),
            ("UnsupportedFeatureException", r => r.DeploymentConfiguration = new() { Strategy = "BLUE_GREEN" }),
            ("UnsupportedFeatureException", r => r.DeploymentConfiguration = new() { Strategy = "LINEAR" }),
            ("UnsupportedFeatureException", r => r.DeploymentConfiguration = new() { Strategy = "CANARY" }),
            ("UnsupportedFeatureException", r => r.DeploymentConfiguration = new() { LifecycleHooks = [new()] }),
            ("InvalidParameterException", r => r.DeploymentConfiguration = new() { Strategy = "SUDDEN" }),
            ("InvalidParameterException", r => r.DeploymentConfiguration = new() { Alarms = new() { AlarmNames = ["a"] } }),
            ("InvalidParameterException", r => r.DeploymentController = new() { Type = "OTHER" }),
            ("InvalidParameterException", r => r.PropagateTags = "ALL"),
            ("InvalidParameterException", r => r.PlatformVersion = "1.4.0"),
        };
        foreach (var (code, change) in cases)
        {
            Assert.StartsWith(code, await RefusedAsync(() => cloud.CallAsync(EcsOperations.CreateService, Web(change))), StringComparison.Ordinal);
        }
        Assert.StartsWith("InvalidParameterException: Invalid namespace for group.", await RefusedAsync(() => cloud.CallAsync(
            EcsOperations.RunTask, new() { TaskDefinition = "web", LaunchType = "EXTERNAL", Group = "service:web" })), StringComparison.Ordinal);
        Assert.StartsWith("InvalidParameterException: startedBy", await RefusedAsync(() => cloud.CallAsync(
            EcsOperations.RunTask, new() { TaskDefinition = "web", LaunchType = "EXTERNAL", StartedBy = new string('x', 129) })), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AllThatIsDeclaredOfAServiceIsReturnedAndSurvivesAnUpdate()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await cloud.RegisterAsync("web");
        var alarms = new DeploymentAlarms { AlarmNames = ["a"], Enable = true, Rollback = true };
        await cloud.CallAsync(EcsOperations.CreateService, Web(r =>
        {
            (r.DesiredCount, r.AvailabilityZoneRebalancing, r.HealthCheckGracePeriodSeconds, r.EnableExecuteCommand, r.Role) = (0, "ENABLED", 30, true, "role");
            r.DeploymentConfiguration = new() { Strategy = "ROLLING", Alarms = alarms, MaximumPercent = 150, MinimumHealthyPercent = 50, BakeTimeInMinutes = 3 };
        }));
        await cloud.CallAsync(EcsOperations.UpdateService, new() { Service = "web", DeploymentConfiguration = new() { MaximumPercent = 175 } });
        var service = await cloud.ServiceAsync("web");
        Assert.Equal(("ENABLED", 30, true, "role"), (service.AvailabilityZoneRebalancing, service.HealthCheckGracePeriodSeconds, service.EnableExecuteCommand, service.RoleArn));
        var configuration = service.DeploymentConfiguration!;
        Assert.Equal(("ROLLING", 175, 50, 3, "a"), (configuration.Strategy, configuration.MaximumPercent, configuration.MinimumHealthyPercent,
            configuration.BakeTimeInMinutes, configuration.Alarms!.AlarmNames!.Single()));
        var rollout = (await cloud.CallAsync(EcsOperations.ListServiceDeployments, new() { Service = "web" })).ServiceDeployments!.Single();
        Assert.Equal(rollout.ServiceDeploymentArn, service.CurrentServiceDeployment);
        Assert.Equal(rollout.TargetServiceRevisionArn, service.CurrentServiceRevisions!.Single().Arn);
    }

    [Fact]
    public async Task ANewClusterTakesTheAccountsInsightsSetting()
    {
        await using var cloud = await EcsCloud.StartAsync();
        async Task<string?> CreateAsync(string name, params ClusterSetting[] settings) => (await cloud.CallAsync(
            EcsOperations.CreateCluster, new() { ClusterName = name, Settings = settings.Length == 0 ? null : [.. settings] })).Cluster!.Settings!.Single().Value;
        Assert.Equal("disabled", await CreateAsync("a"));
        await cloud.CallAsync(EcsOperations.PutAccountSettingDefault, new() { Name = "containerInsights", Value = "enhanced" });
        Assert.Equal("enhanced", await CreateAsync("b"));
        Assert.Equal("enabled", await CreateAsync("c", new ClusterSetting { Name = "containerInsights", Value = "enabled" }));
        Assert.StartsWith("InvalidParameterException", await RefusedAsync(() => CreateAsync("d", new ClusterSetting { Name = "x", Value = "enabled" })), StringComparison.Ordinal);
    }
}
