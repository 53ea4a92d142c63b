using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>Reports come at least once, late and repeated: they may only ever move a task forward.</summary>
public sealed class ReportTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly string[] Order = ["PENDING", "RUNNING", "STOPPED"];

    private static TaskDocument New(bool healthCheck = false) => new()
    {
        Id = "t", Arn = "arn:t", ClusterName = "default", Family = "web", Revision = 1, TaskDefinitionArn = "arn:d", LaunchType = "EXTERNAL",
        InstanceId = "i", InstanceArn = "arn:i", LastStatus = "PENDING", DesiredStatus = "RUNNING", CreatedAt = Start,
        HasHealthCheck = healthCheck,
        Containers =
        [
            new ContainerRecord { Name = "main", Arn = "arn:m", HasHealthCheck = healthCheck },
            new ContainerRecord { Name = "side", Arn = "arn:s", Essential = false },
        ],
    };

    private static TaskReport Report(string status, params (string Name, string Status, int? Exit, string? Reason)[] containers) => new()
    {
        Status = status,
        Reason = "",
        Containers = [.. containers.Select(c => new ContainerStateChange { ContainerName = c.Name, Status = c.Status, ExitCode = c.Exit, Reason = c.Reason })],
    };

    [Fact]
    public void StatusNeverGoesBackWhateverTheOrder()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var task = New();
            for (var i = 0; i < 12; i++)
            {
                var before = task;
                var status = Order[random.Next(3)];
                task = random.Next(5) == 0
                    ? task.WithStopRequested("UserInitiated", "asked", Start)
                    : TaskReports.Apply(task, Report(status, (random.Next(2) == 0 ? "main" : "side", Order[random.Next(3)], null, null)), Start.AddSeconds(i));
                Assert.True(Array.IndexOf(Order, task.LastStatus) >= Array.IndexOf(Order, before.LastStatus), $"seed {seed}");
                Assert.All(before.Containers.Zip(task.Containers), p =>
                    Assert.True(Array.IndexOf(Order, p.Second.LastStatus) >= Array.IndexOf(Order, p.First.LastStatus), $"seed {seed}"));
                Assert.False(!before.WantsRunning && task.WantsRunning, $"seed {seed}: wanted again");
                Assert.True(before.StartedAt is null || task.StartedAt == before.StartedAt);
                Assert.True(before.StoppedAt is null || (task.StoppedAt == before.StoppedAt && task.StopCode == before.StopCode));
            }
        }
    }

    /// <summary>A server that was away, or whose answer was lost, is told everything again: that makes no revision and wakes nobody.</summary>
    [Fact]
    public void WhatWasToldBeforeChangesNothing()
    {
        TaskReport Running() => Report("RUNNING") with
        {
            PullStartedAt = Start,
            Containers =
            [
                new ContainerStateChange
                {
                    ContainerName = "main", Status = "RUNNING", RuntimeId = "r1", ImageDigest = "sha256:1",
                    NetworkBindings = [new NetworkBinding { BindIP = "0.0.0.0", ContainerPort = 80, HostPort = 32768, Protocol = "tcp" }],
                },
            ],
        };
        var running = TaskReports.Apply(New(), Running(), Start);
        Assert.Same(running, TaskReports.Apply(running, Running(), Start.AddSeconds(9)));
        var stopped = TaskReports.Apply(running, Report("STOPPED", ("main", "STOPPED", 3, "x")), Start);
        Assert.Same(stopped, TaskReports.Apply(stopped, Report("STOPPED", ("main", "STOPPED", 3, "x")), Start.AddSeconds(9)));
        Assert.Same(stopped, TaskReports.Apply(stopped, Running(), Start.AddSeconds(9)));
    }

    [Fact]
    public void ARepeatedReportChangesNothingAtAll()
    {
        var report = Report("RUNNING", ("main", "RUNNING", null, null), ("side", "RUNNING", 7, null)) with { PullStartedAt = Start };
        report.Containers[0].NetworkBindings = [new NetworkBinding { BindIP = "0.0.0.0", ContainerPort = 80, HostPort = 32768, Protocol = "tcp" }];
        var task = TaskReports.Apply(New(), report, Start);
        report.Containers[0].NetworkBindings = [new NetworkBinding { BindIP = "0.0.0.0", ContainerPort = 80, HostPort = 32768, Protocol = "tcp" }];
        Assert.Same(task, TaskReports.Apply(task, report, Start.AddMinutes(1)));
        Assert.Same(task, TaskReports.Apply(task, Report("PENDING", ("main", "PENDING", null, null), ("nobody", "STOPPED", 1, null)), Start.AddMinutes(1)));
        report.Containers[0].NetworkBindings = [new NetworkBinding { BindIP = "0.0.0.0", ContainerPort = 80, HostPort = 32769, Protocol = "tcp" }];
        Assert.Equal(task.Version + 1, TaskReports.Apply(task, report, Start).Version);
    }

    [Fact]
    public void AContainerMayAppearTwiceInOneReport()
    {
        var task = TaskReports.Apply(New(), Report("STOPPED", ("main", "RUNNING", null, null), ("main", "STOPPED", 3, "OutOfMemoryError: x")), Start);
        Assert.Equal(("STOPPED", 3, "OutOfMemoryError: x"), (task.Containers[0].LastStatus, task.Containers[0].ExitCode, task.Containers[0].Reason));
    }

    [Fact]
    public void AWarningThatTheAgentKeepsRepeatingIsNoReason()
    {
        var task = TaskReports.Apply(New(), Report("RUNNING", ("main", "RUNNING", null, "CannotPullImageManifestError: used the cache")), Start);
        Assert.Null(task.Containers[0].Reason);
        Assert.Equal(Start, task.StartedAt);
    }

    [Fact]
    public void TheStopCodeTellsWhoEndedIt()
    {
        var failed = TaskReports.Apply(New(), Report("STOPPED", ("main", "STOPPED", null, "CannotPullContainerError: gone")), Start);
        Assert.Equal(("TaskFailedToStart", "CannotPullContainerError: gone"), (failed.StopCode, failed.StoppedReason));
        var running = TaskReports.Apply(New(), Report("RUNNING"), Start);
        var exited = TaskReports.Apply(running, Report("STOPPED", ("main", "STOPPED", 1, null)), Start.AddSeconds(5));
        Assert.Equal(("EssentialContainerExited", "Essential container in task exited"), (exited.StopCode, exited.StoppedReason));
        var asked = TaskReports.Apply(running.WithStopRequested("UserInitiated", "enough", Start), Report("STOPPED"), Start.AddSeconds(5));
        Assert.Equal(("UserInitiated", "enough"), (asked.StopCode, asked.StoppedReason));
        Assert.Equal("STOPPED", exited.DesiredStatus);
    }

    [Fact]
    public void HealthMakesNoRevisionUnlessItChanges()
    {
        var task = TaskReports.Apply(New(healthCheck: true), Report("RUNNING"), Start);
        Assert.False(task.IsHealthy);
        var healthy = TaskReports.ApplyHealth(task, new Dictionary<string, string> { ["main"] = "HEALTHY" });
        Assert.True(healthy.IsHealthy);
        Assert.Same(healthy, TaskReports.ApplyHealth(healthy, new Dictionary<string, string> { ["main"] = "HEALTHY", ["nobody"] = "UNHEALTHY" }));
        // A container without a check of its own does not decide.
        Assert.Equal("HEALTHY", TaskReports.ApplyHealth(healthy, new Dictionary<string, string> { ["side"] = "UNHEALTHY" }).HealthStatus);
        Assert.Equal("UNHEALTHY", TaskReports.ApplyHealth(healthy, new Dictionary<string, string> { ["main"] = "UNHEALTHY" }).HealthStatus);
    }
}
