using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Scheduling;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

public sealed class DaemonPlanTests
{
    /// <summary>A cluster whose nodes come, lose their link, drain and go while the plan is carried out on it.</summary>
    private sealed class Simulation(int seed, int minimum)
    {
        private readonly Random _random = new(seed);
        private readonly Dictionary<string, DaemonNodeState> _nodes = [];
        private List<DaemonTask> _tasks = [];
        private int _next;

        public string Primary { get; set; } = "d1";
        public IReadOnlyList<DaemonTask> Tasks => _tasks;
        public int Eligible => _nodes.Values.Count(s => s == DaemonNodeState.Eligible);

        public void Join() => _nodes[$"n{_next++}"] = DaemonNodeState.Eligible;

        public void Disturb()
        {
            var states = Enum.GetValues<DaemonNodeState>();
            if (_nodes.Count == 0 || _random.Next(4) == 0)
            {
                Join();
                return;
            }
            _nodes[_nodes.Keys.ElementAt(_random.Next(_nodes.Count))] = states[_random.Next(states.Length)];
        }

        public void Heal()
        {
            foreach (var id in _nodes.Keys.ToList())
            {
                _nodes[id] = _nodes[id] is DaemonNodeState.Leaving or DaemonNodeState.Unfit ? DaemonNodeState.Unfit : DaemonNodeState.Eligible;
            }
        }

        public DaemonDecision Step()
        {
            var state = new DaemonState
            {
                Nodes = [.. _nodes.Select(n => new DaemonNode(n.Key, n.Value))], Tasks = _tasks, MinimumHealthyPercent = minimum, PrimaryId = Primary,
            };
            var decision = DaemonPlan.Next(state);
            var replaced = decision.Stop.Where(s => s.Reason == DeploymentPlan.Replaced).Select(s => s.TaskId).ToHashSet();
            bool Counts(DaemonTask t) => !t.Stopping && t.Task.Healthy && _nodes[t.InstanceId] is DaemonNodeState.Eligible or DaemonNodeState.Unreachable;
            var after = _tasks.Count(t => Counts(t) && decision.Stop.All(s => s.TaskId != t.Task.Id));
            Assert.True(!_tasks.Any(t => Counts(t) && replaced.Contains(t.Task.Id)) || after >= DaemonPlan.MinimumHealthy(decision.DesiredCount, minimum),
                $"seed {seed}: {after} of {decision.DesiredCount} healthy");
            var stopped = decision.Stop.Select(s => s.TaskId).ToHashSet();
            _tasks = [.. _tasks.Select(t => stopped.Contains(t.Task.Id) ? t with { Stopping = true } : t)];
            foreach (var id in decision.Start)
            {
                Assert.Equal(DaemonNodeState.Eligible, _nodes[id]);
                Assert.True(_tasks.All(t => t.InstanceId != id), $"seed {seed}: two tasks on {id}");
                _tasks.Add(new DaemonTask(new RolloutTask($"t{_next}", Primary, false, false, false, _next++), id, false));
            }
            _tasks.RemoveAll(t => t.Stopping && _nodes[t.InstanceId] != DaemonNodeState.Unreachable && _random.Next(2) == 0);
            _tasks = [.. _tasks.Select(t => _random.Next(2) == 0 ? t with { Task = t.Task with { Healthy = true, Settled = true } } : t)];
            return decision;
        }

        public bool Settles() => Enumerable.Range(0, 300).Any(_ => Step().Complete);
    }

    [Fact]
    public void EveryFittingNodeEndsWithOneTaskWhateverHappenedBefore()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var simulation = new Simulation(seed, random.Next(3) switch { 0 => 0, 1 => 50, _ => random.Next(0, 100) });
            for (var i = random.Next(1, 6); i > 0; i--)
            {
                simulation.Join();
            }
            for (var i = 0; i < 40; i++)
            {
                if (random.Next(4) == 0)
                {
                    simulation.Disturb();
                }
                if (random.Next(15) == 0)
                {
                    simulation.Primary = $"d{i + 2}";
                }
                simulation.Step();
            }
            simulation.Heal();
            // A minimum that rounds up to every node lets nothing be replaced; AWS blocks there as well.
            if (!simulation.Settles())
            {
                Assert.Contains(simulation.Tasks, t => t.Task.DeploymentId != simulation.Primary);
                continue;
            }
            Assert.Equal(simulation.Eligible, simulation.Tasks.Count(t => !t.Stopping));
            Assert.All(simulation.Tasks.Where(t => !t.Stopping), t => Assert.Equal(simulation.Primary, t.Task.DeploymentId));
        }
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(50, 2)]
    [InlineData(75, 1)]
    [InlineData(80, 0)]
    public void ARolloutStopsAsManyAsTheMinimumAllows(int minimum, int stopped)
    {
        var nodes = Enumerable.Range(0, 4).Select(i => new DaemonNode($"n{i}", DaemonNodeState.Eligible)).ToList();
        var tasks = nodes.Select((n, i) => new DaemonTask(new RolloutTask($"t{i}", "old", true, true, false, i), n.InstanceId, false)).ToList();
        var state = new DaemonState { Nodes = nodes, Tasks = tasks, MinimumHealthyPercent = minimum, PrimaryId = "new" };
        var decision = DaemonPlan.Next(state);
        Assert.Equal((4, 0, stopped, false), (decision.DesiredCount, decision.Start.Count, decision.Stop.Count, decision.Complete));
        Assert.Empty(DaemonPlan.Next(state with { StartsBlocked = true }).Stop);
    }

    [Fact]
    public void ANodeThatCannotBeReachedKeepsItsTaskAndGetsNone()
    {
        var old = new DaemonTask(new RolloutTask("t", "old", true, true, false, 1), "lost", false);
        var decision = DaemonPlan.Next(new DaemonState
        {
            Nodes = [new DaemonNode("lost", DaemonNodeState.Unreachable), new DaemonNode("empty", DaemonNodeState.Unreachable)],
            Tasks = [old], MinimumHealthyPercent = 0, PrimaryId = "new",
        });
        Assert.Equal((1, 0, 0, false), (decision.DesiredCount, decision.Start.Count, decision.Stop.Count, decision.Complete));
    }
}

public sealed class DaemonServiceTests
{
    private static CreateServiceRequest Logs(Action<CreateServiceRequest>? change = null)
    {
        var request = new CreateServiceRequest
        {
            ServiceName = "logs", TaskDefinition = "logs", LaunchType = "EXTERNAL", SchedulingStrategy = "DAEMON",
            PlacementConstraints = [new() { Type = "memberOf", Expression = "attribute:role != builder" }],
        };
        change?.Invoke(request);
        return request;
    }

    private static Task<FakeAgent> JoinAsync(EcsCloud cloud, string role = "shop") =>
        FakeAgent.JoinAsync(cloud, "EXTERNAL", attributes: new EcsAttribute { Name = "role", Value = role });

    private static int Logging(FakeAgent agent) => agent.Running.Count(t => t.Family == "logs");

    private static Task UntilAsync(string state, Func<bool> reached) =>
        EcsCloud.UntilAsync(state, () => Task.FromResult(reached()), done => done);

    [Fact]
    public async Task EveryMatchingInstanceGetsOneTaskAlsoWhenItJoinsLater()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var first = await JoinAsync(cloud);
        await using var builder = await JoinAsync(cloud, "builder");
        await using var fargate = await FakeAgent.JoinAsync(cloud);
        await cloud.RegisterAsync("logs");

        var created = (await cloud.CallAsync(EcsOperations.CreateService, Logs())).Service!;
        Assert.Equal(("DAEMON", 100, 0), (created.SchedulingStrategy,
            created.DeploymentConfiguration!.MaximumPercent, created.DeploymentConfiguration.MinimumHealthyPercent));
        await cloud.UntilStableAsync("logs", 1);
        await using var second = await JoinAsync(cloud);
        var service = await cloud.UntilServiceAsync("logs", "two", s => s.RunningCount == 2 && s.DesiredCount == 2);

        Assert.Equal((1, 1, 0, 0), (Logging(first), Logging(second), Logging(builder), Logging(fargate)));
        Assert.Contains(service.Events!, e => e.Message!.Contains("has reached a steady state.", StringComparison.Ordinal));
        Assert.Equal([service.ServiceArn!], (await cloud.CallAsync(EcsOperations.ListServices, new() { SchedulingStrategy = "DAEMON" })).ServiceArns!);
        Assert.Empty((await cloud.CallAsync(EcsOperations.ListServices, new() { SchedulingStrategy = "REPLICA" })).ServiceArns!);

        // An instance that no longer meets the constraints loses its task; one that does again gets one.
        await cloud.CallAsync(EcsOperations.PutAttributes, new() { Attributes = [new() { Name = "role", Value = "builder", TargetId = second.Arn }] });
        await cloud.UntilServiceAsync("logs", "one", s => s.RunningCount == 1 && s.DesiredCount == 1);
        await UntilAsync("stopped", () => Logging(second) == 0);
        await cloud.CallAsync(EcsOperations.PutAttributes, new() { Attributes = [new() { Name = "role", Value = "shop", TargetId = second.Arn }] });
        await UntilAsync("back", () => Logging(second) == 1);
    }

    [Fact]
    public async Task ADrainingInstanceLosesItsDaemonAfterTheOthers()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await JoinAsync(cloud);
        await cloud.RegisterAsync("logs");
        await cloud.RegisterAsync("job");
        await cloud.CallAsync(EcsOperations.CreateService, Logs());
        await cloud.UntilStableAsync("logs", 1);
        var job = (await cloud.CallAsync(EcsOperations.RunTask, new() { TaskDefinition = "job", LaunchType = "EXTERNAL" })).Tasks!.Single();
        await cloud.UntilTaskAsync(job.TaskArn!, "RUNNING");

        await cloud.CallAsync(EcsOperations.UpdateContainerInstancesState, new() { ContainerInstances = [agent.Arn], Status = "DRAINING" });
        // The pass has seen the drained instance when it has taken it out of the desired count.
        await cloud.UntilServiceAsync("logs", "not desired", s => s.DesiredCount == 0);
        Assert.Equal(1, Logging(agent));
        await cloud.CallAsync(EcsOperations.StopTask, new() { Task = job.TaskArn });
        await UntilAsync("gone", () => Logging(agent) == 0);
        Assert.Equal("STOPPED", (await cloud.TaskAsync(job.TaskArn!)).LastStatus);

        await cloud.CallAsync(EcsOperations.UpdateContainerInstancesState, new() { ContainerInstances = [agent.Arn], Status = "ACTIVE" });
        await UntilAsync("again", () => Logging(agent) == 1);
    }

    [Fact]
    public async Task ANewVersionReplacesTheOldOneOnEveryInstanceAndDeletingNeedsNoForce()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var first = await JoinAsync(cloud);
        await using var second = await JoinAsync(cloud);
        // The same host port in both versions: the new one cannot start beside the old one.
        void Port(RegisterTaskDefinitionRequest r) => r.ContainerDefinitions![0].PortMappings = [new() { ContainerPort = 80, HostPort = 8080 }];
        await cloud.RegisterAsync("logs", Port);
        await cloud.CallAsync(EcsOperations.CreateService, Logs(r => r.DeploymentConfiguration = new() { MinimumHealthyPercent = 50 }));
        await cloud.UntilStableAsync("logs", 2);
        var next = await cloud.RegisterAsync("logs", Port);

        await cloud.CallAsync(EcsOperations.UpdateService, new() { Service = "logs", TaskDefinition = "logs" });
        await cloud.UntilServiceAsync("logs", "rolled out", s => s.Deployments!.Count == 1 && s.RunningCount == 2
            && s.Deployments[0].RolloutState == "COMPLETED" && s.TaskDefinition == next.TaskDefinitionArn);
        Assert.Equal((1, 1), (Logging(first), Logging(second)));

        await cloud.CallAsync(EcsOperations.DeleteService, new() { Service = "logs" });
        await cloud.UntilServiceAsync("logs", "inactive", s => s.Status == "INACTIVE");
        Assert.Equal((0, 0), (Logging(first), Logging(second)));
    }

    [Fact]
    public async Task WhatADaemonCannotHaveIsRefusedInAwsWords()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await cloud.RegisterAsync("logs");
        async Task<string> Refused(Action<CreateServiceRequest> change)
        {
            var error = await EcsCloud.RefusedAsync(() => cloud.CallAsync(EcsOperations.CreateService, Logs(change)));
            Assert.Equal("InvalidParameterException", error.Code);
            return error.Message;
        }

        Assert.StartsWith("The daemon scheduling strategy does not support a desired count", await Refused(r => r.DesiredCount = 1));
        Assert.StartsWith("The daemon scheduling strategy does not support placement strategies",
            await Refused(r => r.PlacementStrategy = [new() { Type = "random" }]));
        Assert.StartsWith("The daemon scheduling strategy does not support values above 100 for maximumPercent",
            await Refused(r => r.DeploymentConfiguration = new() { MaximumPercent = 150 }));
        Assert.StartsWith("Both maximumPercent and minimumHealthyPercent", await Refused(r => r.DeploymentConfiguration = new() { MinimumHealthyPercent = 100 }));
        Assert.Contains("FARGATE", await Refused(r => r.LaunchType = "FARGATE"), StringComparison.Ordinal);
        Assert.StartsWith("Specifying a capacity provider strategy is not supported",
            await Refused(r => (r.LaunchType, r.CapacityProviderStrategy) = (null, [new() { CapacityProvider = "FARGATE" }])));
        Assert.Empty((await cloud.CallAsync(EcsOperations.ListServices, new())).ServiceArns!);
        await cloud.CallAsync(EcsOperations.CreateService, Logs());
        var scaled = await EcsCloud.RefusedAsync(() => cloud.CallAsync(EcsOperations.UpdateService, new() { Service = "logs", DesiredCount = 3 }));
        Assert.StartsWith("The daemon scheduling strategy does not support a desired count", scaled.Message);
    }
}
