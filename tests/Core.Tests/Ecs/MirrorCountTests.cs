using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Mirror;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>Counts that are kept up as tasks change are those that counting would give.</summary>
public sealed class MirrorCountTests
{
    private const string Scope = "123456789012/eu-central-1/default";
    private static readonly string[] Statuses = ["PROVISIONING", "PENDING", "RUNNING", "STOPPED"];
    private static readonly string[] LaunchTypes = ["EC2", "EXTERNAL", "FARGATE"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void CountsFollowTheTasks(int seed)
    {
        var random = new Random(seed);
        var mirror = new ClusterMirror(new TextPool());
        var expected = new Dictionary<string, TaskDocument>(StringComparer.Ordinal);
        for (var revision = 1; revision <= 2000; revision++)
        {
            var id = $"t{random.Next(60):D2}";
            var key = new DocumentKey(EcsKinds.EcsTask.Name, Scope, id);
            if (random.Next(6) == 0)
            {
                mirror.Remove(key, revision);
                expected.Remove(id);
            }
            else
            {
                var task = expected.TryGetValue(id, out var former) ? Changed(former, random) : New(id, random);
                mirror.Put(new Document<TaskDocument>(key, revision, revision, task));
                expected[id] = task;
            }
            Compare(mirror, expected.Values);
        }
    }

    private static void Compare(ClusterMirror mirror, IEnumerable<TaskDocument> all)
    {
        var kept = all.Where(t => !t.IsStopped || (t.ServiceName is not null && !t.Accounted)).ToList();
        Assert.Equal(kept.Count(t => t.IsWaiting), mirror.Waiting);
        foreach (var type in LaunchTypes)
        {
            var own = kept.Where(t => t.LaunchType == type).ToList();
            Assert.Equal((own.Count(t => t.IsRunning), own.Count(t => t.LastStatus is "PROVISIONING" or "PENDING")), mirror.ByLaunchType.GetValueOrDefault(type));
        }
        foreach (var service in kept.Where(t => t.ServiceName is not null).GroupBy(t => t.ServiceName!, StringComparer.Ordinal))
        {
            var state = mirror.Services[service.Key];
            Assert.Equal(service.Select(t => t.Id).Order(StringComparer.Ordinal), state.Tasks.Select(t => t.Key.Name));
            var counted = ServiceCounts.Of(service);
            Assert.Equal(counted.All, state.Counts.All);
            Assert.Equal((counted.Of("d0"), counted.Of("d1")), (state.Counts.Of("d0"), state.Counts.Of("d1")));
        }
    }

    private static TaskDocument New(string id, Random random) => Changed(new TaskDocument
    {
        Id = id, Arn = id, ClusterName = "default", Family = "f", Revision = 1, TaskDefinitionArn = "f:1", LaunchType = LaunchTypes[random.Next(3)],
        ServiceName = random.Next(4) == 0 ? null : $"s{random.Next(3)}", DeploymentId = $"d{random.Next(2)}", InstanceId = random.Next(4) == 0 ? "" : "i",
        InstanceArn = "", LastStatus = "PROVISIONING", DesiredStatus = "RUNNING", CreatedAt = DateTimeOffset.UnixEpoch,
    }, random);

    private static TaskDocument Changed(TaskDocument task, Random random) => task with
    {
        LastStatus = Statuses[random.Next(4)],
        DesiredStatus = random.Next(3) == 0 ? "STOPPED" : "RUNNING",
        Accounted = random.Next(2) == 0,
        LostAt = random.Next(5) == 0 ? DateTimeOffset.UnixEpoch : null,
        LaunchType = LaunchTypes[random.Next(3)],
    };
}
