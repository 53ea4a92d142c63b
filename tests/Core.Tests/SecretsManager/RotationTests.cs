using Longspan.AgentLink;
using Longspan.Api.Ecs;
using Longspan.Api.SecretsManager;
using Longspan.Core.Tests.Ecs;
using Longspan.Kernel;
using Longspan.Kernel.Reconcilers;
using Longspan.Services.Kms;
using Longspan.Services.SecretsManager;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Longspan.Core.Tests.SecretsManager;

/// <summary>Rotation through the real ECS service, on a node whose containers the test plays.</summary>
public sealed class RotationTests
{
    private const string Target = "arn:aws:ecs:eu-central-1:123456789012:task-definition/rotate";

    [Fact]
    public async Task FourTasksInTurnMakeANewVersionCurrent()
    {
        await using var cloud = await RotationCloud.StartAsync();
        var first = await cloud.CreateAsync("db", "old");
        var token = await cloud.RotateAsync("db");

        List<string> steps = [];
        string[] tasks = ["createSecret", "setSecret", "testSecret", "finishSecret"];
        foreach (var expected in tasks)
        {
            var task = await cloud.NextTaskAsync();
            var environment = task.Containers!.Single().Environment!;
            Assert.Equal((first.ARN, token, expected), (environment["SECRET_ARN"], environment["CLIENT_REQUEST_TOKEN"], environment["STEP"]));
            steps.Add(environment["STEP"]);
            await cloud.WorkAsync(environment["SECRET_ARN"], token, environment["STEP"]);
            await cloud.Agent.ExitAsync(task.Arn!, 0);
        }
        var rotated = await cloud.UntilAsync("rotated", "db", d => d.LastRotatedDate is not null);
        Assert.Equal(tasks, steps);
        Assert.Equal("AWSCURRENT", Assert.Single(rotated.VersionIdsToStages![token]));
        Assert.Equal("AWSPREVIOUS", Assert.Single(rotated.VersionIdsToStages[first.VersionId!]));
        Assert.Equal("new", await cloud.ValueAsync("db"));
        Assert.DoesNotContain(rotated.Tags ?? [], t => t.Key!.StartsWith("aws:longspan:", StringComparison.Ordinal));
        Assert.Empty(cloud.Agent.Running);
        // The request again is the same request.
        Assert.Equal(token, await cloud.RotateAsync("db", token));
        Assert.Equal(2, (await cloud.DescribeAsync("db")).VersionIdsToStages!.Count);
    }

    [Fact]
    public async Task AStepThatFailsIsToldAndLeavesTheOldValueCurrent()
    {
        await using var cloud = await RotationCloud.StartAsync();
        await cloud.CreateAsync("db", "old");
        var token = await cloud.RotateAsync("db");
        var task = await cloud.NextTaskAsync();
        await cloud.Agent.ExitAsync(task.Arn!, 3);

        var failed = await cloud.UntilAsync("failure", "db", d => Failure(d) is not null);
        Assert.Equal($"createSecret: container main of {task.Arn} exited with code 3", Failure(failed));
        Assert.Equal("AWSPENDING", Assert.Single(failed.VersionIdsToStages![token]));
        Assert.Equal("old", await cloud.ValueAsync("db"));
        var refused = await EcsCloud.RefusedAsync(() => cloud.RotateAsync("db"));
        Assert.Equal(
            ("InvalidRequestException", "A previous rotation isn't complete. That rotation will be reattempted."), (refused.Code, refused.Message));

        var cancelled = await cloud.CallAsync(SecretsManagerOperations.CancelRotateSecret, new CancelRotateSecretRequest { SecretId = "db" });
        Assert.Equal(token, cancelled.VersionId);
        var after = await cloud.DescribeAsync("db");
        Assert.False(after.RotationEnabled);
        Assert.Null(after.NextRotationDate);
        Assert.Null(Failure(after));
    }

    [Fact]
    public async Task AStepThatEndsWellWithoutItsWorkHasFailed()
    {
        await using var cloud = await RotationCloud.StartAsync();
        await cloud.CreateAsync("db", "old");
        await cloud.RotateAsync("db");
        await cloud.Agent.ExitAsync((await cloud.NextTaskAsync()).Arn!, 0);
        var failed = await cloud.UntilAsync("failure", "db", d => Failure(d) is not null);
        Assert.Equal("createSecret: the task put no value for the new version", Failure(failed));
    }

    [Fact]
    public async Task WithoutANodeTheReasonIsTold()
    {
        await using var cloud = await RotationCloud.StartAsync();
        await cloud.CreateAsync("db", "old");
        await cloud.TagAsync("db", "longspan:rotation-cluster", "nowhere");
        await cloud.RotateAsync("db");
        var failed = await cloud.UntilAsync("failure", "db", d => Failure(d) is not null);
        Assert.StartsWith("createSecret: ClusterNotFoundException", Failure(failed), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TakingTheLabelAwayCallsTheRotationOff()
    {
        await using var cloud = await RotationCloud.StartAsync();
        await cloud.CreateAsync("db", "old");
        var token = await cloud.RotateAsync("db");
        await cloud.Agent.ExitAsync((await cloud.NextTaskAsync()).Arn!, 1);
        await cloud.UntilAsync("failure", "db", d => Failure(d) is not null);
        await cloud.CallAsync(SecretsManagerOperations.UpdateSecretVersionStage, new UpdateSecretVersionStageRequest
        {
            SecretId = "db", VersionStage = "AWSPENDING", RemoveFromVersionId = token,
        });
        await cloud.UntilAsync("called off", "db", d => Failure(d) is null);
        Assert.NotEqual(token, await cloud.RotateAsync("db"));
    }

    [Fact]
    public async Task WhatCannotRotateIsRefusedAtOnce()
    {
        await using var cloud = await RotationCloud.StartAsync();
        await cloud.CreateAsync("db", "old");
        Task Rotate(Action<RotateSecretRequest> change)
        {
            var request = new RotateSecretRequest { SecretId = "db", ClientRequestToken = Ids.Uuid() };
            change(request);
            return cloud.CallAsync(SecretsManagerOperations.RotateSecret, request);
        }
        Assert.Equal("No Lambda rotation function ARN is associated with this secret.", (await EcsCloud.RefusedAsync(() => Rotate(_ => { }))).Message);
        foreach (var bad in (string[])["arn:aws:lambda:eu-central-1:123456789012:function:rotate", "rotate", Target + "r", Target + ":9"])
        {
            Assert.Equal("InvalidParameterException", (await EcsCloud.RefusedAsync(() => Rotate(r => r.RotationLambdaARN = bad))).Code);
        }
        Assert.Equal("InvalidParameterException", (await EcsCloud.RefusedAsync(() => Rotate(r => r.ClientRequestToken = null))).Code);
        Assert.Null((await cloud.DescribeAsync("db")).RotationEnabled);

        await Rotate(r => (r.RotationLambdaARN, r.RotateImmediately, r.RotationRules) = (Target, false, new() { ScheduleExpression = "rate(10 days)" }));
        var described = await cloud.DescribeAsync("db");
        Assert.True(described.RotationEnabled);
        Assert.NotNull(described.NextRotationDate);
        Assert.Single(described.VersionIdsToStages!);
    }

    [Fact]
    public async Task ADefinitionsRolesAreAskedOfWhoNamesIt()
    {
        await using var cloud = await RotationCloud.StartAsync("arn:aws:iam::123456789012:role/rotator");
        var created = await cloud.CreateAsync("db", "old");
        var demands = await cloud.Module.Access[SecretsManagerOperations.RotateSecret](
            cloud.NewCall(), new RotateSecretRequest { SecretId = "db", RotationLambdaARN = Target }, default);
        Assert.Equal(
            [
                ("secretsmanager:RotateSecret", created.ARN!), ("ecs:RunTask", Target + ":1"),
                ("iam:PassRole", "arn:aws:iam::123456789012:role/rotator"),
            ],
            demands.Select(d => (d.Action, d.Resource)));
    }

    private static string? Failure(DescribeSecretResponse secret) => secret.Tags?.Find(t => t.Key == "aws:longspan:rotation-failure")?.Value;

    private sealed class RotationCloud : IAsyncDisposable
    {
        private readonly EcsCloud _ecs;
        private readonly ReconcilerDriver _driver;
        private readonly HashSet<string> _seen = [];

        private RotationCloud(EcsCloud ecs, FakeAgent agent, SecretsManagerModule module, ReconcilerDriver driver) =>
            (_ecs, Agent, Module, _driver) = (ecs, agent, module, driver);

        public FakeAgent Agent { get; }
        public SecretsManagerModule Module { get; }

        public static async Task<RotationCloud> StartAsync(string? taskRole = null)
        {
            var ecs = await EcsCloud.StartAsync();
            var module = new SecretsManagerModule(ecs.Cloud);
            ecs.Cloud.Add(module);
            ecs.Cloud.Add(new KmsModule(ecs.Cloud));
            var agent = await FakeAgent.JoinAsync(ecs, "EXTERNAL");
            await ecs.RegisterAsync("rotate", r => (r.RequiresCompatibilities, r.TaskRoleArn) = (["EXTERNAL"], taskRole));
            var driver = new ReconcilerDriver(ecs.Cloud.Documents, module.Reconcilers, TimeProvider.System, NullLogger<ReconcilerDriver>.Instance);
            driver.Start();
            return new RotationCloud(ecs, agent, module, driver);
        }

        public CallContext NewCall() => new(_ecs.Cloud, _ecs.Caller, EcsCloud.Region, Ids.Uuid(), _ecs.Endpoint);

        public Task<TResponse> CallAsync<TRequest, TResponse>(Longspan.Api.Shapes.Operation<TRequest, TResponse> operation, TRequest request)
            where TRequest : Longspan.Api.Shapes.Shape, new()
            where TResponse : Longspan.Api.Shapes.Shape, new() => _ecs.CallAsync(operation, request);

        public Task<CreateSecretResponse> CreateAsync(string name, string value) => CallAsync(
            SecretsManagerOperations.CreateSecret, new CreateSecretRequest { Name = name, SecretString = value, ClientRequestToken = Ids.Uuid() });

        public async Task<string> RotateAsync(string name, string? token = null) => (await CallAsync(
            SecretsManagerOperations.RotateSecret,
            new RotateSecretRequest { SecretId = name, ClientRequestToken = token ?? Ids.Uuid(), RotationLambdaARN = Target })).VersionId!;

        public Task TagAsync(string name, string key, string value) => CallAsync(
            SecretsManagerOperations.TagResource,
            new Longspan.Api.SecretsManager.TagResourceRequest { SecretId = name, Tags = [new() { Key = key, Value = value }] });

        public Task<DescribeSecretResponse> DescribeAsync(string name) =>
            CallAsync(SecretsManagerOperations.DescribeSecret, new DescribeSecretRequest { SecretId = name });

        public async Task<string?> ValueAsync(string name) =>
            (await CallAsync(SecretsManagerOperations.GetSecretValue, new GetSecretValueRequest { SecretId = name })).SecretString;

        public Task<DescribeSecretResponse> UntilAsync(string state, string name, Func<DescribeSecretResponse, bool> reached) => EcsCloud.UntilAsync(
            state, () => DescribeAsync(name), reached, d => string.Join(", ", (d.Tags ?? []).Select(t => $"{t.Key}={t.Value}")));

        /// <summary>The next task that the node is told to run, once the server has heard that it runs.</summary>
        public async Task<AgentTask> NextTaskAsync()
        {
            var task = await EcsCloud.UntilAsync(
                "another task", () => Task.FromResult(Agent.Running.FirstOrDefault(t => !_seen.Contains(t.Arn!))), t => t is not null);
            _seen.Add(task!.Arn!);
            await _ecs.UntilTaskAsync(task.Arn!, "RUNNING");
            return task;
        }

        /// <summary>What a rotation does in this step, with the calls that AWS's own rotation functions make.</summary>
        public async Task WorkAsync(string arn, string token, string step)
        {
            if (step == "createSecret")
            {
                await CallAsync(SecretsManagerOperations.PutSecretValue, new PutSecretValueRequest
                {
                    SecretId = arn, ClientRequestToken = token, SecretString = "new", VersionStages = ["AWSPENDING"],
                });
            }
            if (step == "finishSecret")
            {
                var current = (await DescribeAsync(arn)).VersionIdsToStages!.Single(v => v.Value.Contains("AWSCURRENT")).Key;
                await CallAsync(SecretsManagerOperations.UpdateSecretVersionStage, new UpdateSecretVersionStageRequest
                {
                    SecretId = arn, VersionStage = "AWSCURRENT", MoveToVersionId = token, RemoveFromVersionId = current,
                });
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _driver.DisposeAsync();
            await Agent.DisposeAsync();
            await _ecs.DisposeAsync();
        }
    }
}
