using Longspan.Api.Ecs;
using Longspan.System.Tests.Clients;
using Xunit;

namespace Longspan.System.Tests.Faults;

/// <summary>kill -9 of every process, at every step of a deployment that can be told from outside.</summary>
[Collection(FaultCollection.Name)]
public sealed class CrashFaultTests(FaultSite site)
{
    private const int Count = 2;

    public enum Step
    {
        /// <summary>The call has been answered, nothing more.</summary>
        Accepted,
        /// <summary>A new task exists.</summary>
        Placed,
        /// <summary>A new container runs.</summary>
        Started,
        /// <summary>A former container is being stopped, or is.</summary>
        Replacing,
    }

    public enum Victim
    {
        Server, Node, Engine, Container,
    }

    public static TheoryData<Victim, Step> All()
    {
        var all = new TheoryData<Victim, Step>();
        foreach (var victim in Enum.GetValues<Victim>())
        {
            foreach (var step in Enum.GetValues<Step>())
            {
                all.Add(victim, step);
            }
        }
        return all;
    }

    [FaultTheory, MemberData(nameof(All))]
    public async Task A_rollout_survives(Victim victim, Step step)
    {
        var name = $"{victim}-{step}".ToLowerInvariant();
        var (service, machine) = (new FaultService(site, name), site.Machines[0]);
        await service.CreateAsync(Count, "a");
        var before = await service.ContainersAsync();
        Assert.Equal(Count, before.Count);

        await service.RollAsync("2");
        await ReachAsync(step, service, machine, before);
        await KillAsync(victim, machine, name);
        await site.HealAsync();

        await service.StableAsync(Count);
        await service.RunsExactlyAsync(Count);
        var after = await service.ContainersAsync();
        Assert.DoesNotContain(after, c => c.Running && before.Any(b => b.Task == c.Task));
        if (victim is Victim.Server or Victim.Node)
        {
            // A healthy container was never made twice: the former ones and one new one for each task.
            Assert.Equal(2 * Count, after.Count);
        }
        await service.EndsWithoutALostLineAsync();
    }

    private static async Task ReachAsync(Step step, FaultService service, FaultMachine machine, IReadOnlyList<SeenContainer> before)
    {
        if (step == Step.Placed)
        {
            await Until.TrueAsync("a new task is placed", async () => (await service.TasksAsync()).Count > Count);
        }
        else if (step == Step.Started)
        {
            await Until.TrueAsync("a new container runs", async () => (await machine.ContainersAsync(service.Name)).Any(c => c.Running && before.All(b => b.Id != c.Id)));
        }
        else if (step == Step.Replacing)
        {
            await Until.TrueAsync("a former task is to stop", async () =>
                (await service.TasksAsync()).Any(t => t.DesiredStatus == "STOPPED" && before.Any(b => b.Task == t.TaskArn)));
        }
    }

    private async Task KillAsync(Victim victim, FaultMachine machine, string family)
    {
        switch (victim)
        {
            case Victim.Server:
                await site.Server.KillAsync();
                break;
            case Victim.Node:
                await machine.KillNodeAsync();
                break;
            case Victim.Engine:
                await machine.KillEngineAsync();
                break;
            default:
                // The newest that runs; it may be gone by the time that the engine hears of it.
                if ((await machine.ContainersAsync(family)).LastOrDefault(c => c.Running) is { } container)
                {
                    await machine.TryKillContainerAsync(container.Id);
                }
                break;
        }
    }
}
