using Longspan.Api.Ecs;
using Longspan.System.Tests.Clients;
using Xunit;

namespace Longspan.System.Tests.Faults;

[CollectionDefinition(Name)]
public sealed class FaultCollection : ICollectionFixture<FaultSite>
{
    public const string Name = "faults";
}

/// <summary>Links that are cut, half cut, or bad.</summary>
[Collection(FaultCollection.Name)]
public sealed class LinkFaultTests(FaultSite site)
{
    [FaultFact]
    public async Task A_cut_machine_keeps_its_containers_and_starts_a_crashed_one_again()
    {
        var (kept, crashed) = (new FaultService(site, "cut-kept"), new FaultService(site, "cut-crashed"));
        await kept.CreateAsync(4);
        await crashed.CreateAsync(1, "a");
        var before = await kept.ContainersAsync();
        var was = Assert.Single(await crashed.ContainersAsync());

        await site.Machines[0].CutAsync();
        await site.ConnectionOfAsync(site.Machines[0], connected: false);
        await site.Machines[0].DockerAsync("kill", was.Id);
        await Until.TrueAsync("the crashed container runs again, without the server", async () =>
            (await crashed.ContainersAsync()).Single(c => c.Running || c.Id == was.Id) is { Running: true } now && now.StartedAt != was.StartedAt);
        var restarted = await crashed.ContainersAsync();
        await site.Machines[0].HealLinkAsync();
        await site.ConnectedAsync(2);

        await crashed.StableAsync(1);
        await crashed.RunsExactlyAsync(1);
        await crashed.UntouchedAsync(restarted);
        Assert.Equal(was.Task, (await crashed.TasksAsync()).Single().TaskArn);
        await kept.StableAsync(4);
        await kept.UntouchedAsync(before);
        await kept.EndsWithoutALostLineAsync();
        await crashed.EndsWithoutALostLineAsync();
    }

    [FaultFact]
    public Task A_machine_that_is_not_heard_keeps_its_containers() => OneWayAsync("deaf-server", outgoing: true);

    [FaultFact]
    public Task A_machine_that_does_not_hear_keeps_its_containers() => OneWayAsync("deaf-node", outgoing: false);

    private async Task OneWayAsync(string name, bool outgoing)
    {
        var service = new FaultService(site, name);
        await service.CreateAsync(2);
        var before = await service.ContainersAsync();
        await site.Machines[0].CutOneWayAsync(outgoing);
        await site.ConnectionOfAsync(site.Machines[0], connected: false);
        // Something to say that the other side cannot hear: it must arrive later, and once.
        await site.Client.CallAsync(EcsOperations.UpdateService, new() { Cluster = FaultSite.Cluster, Service = name, DesiredCount = 4 }, default);
        await Until.TrueAsync("the other machine has started its share or all", async () => (await site.Machines[1].ContainersAsync(name)).Count(c => c.Running) >= 2);
        await site.Machines[0].HealLinkAsync();
        await site.ConnectedAsync(2);
        await service.StableAsync(4);
        await service.RunsExactlyAsync(4);
        Assert.Subset((await service.ContainersAsync()).ToHashSet(), before.ToHashSet());
        await service.EndsWithoutALostLineAsync();
    }

    [FaultFact]
    public async Task A_rollout_completes_over_links_that_lose_a_third_of_their_packets()
    {
        var service = new FaultService(site, "lossy");
        await service.CreateAsync(4);
        foreach (var machine in site.Machines)
        {
            await machine.LoseAsync(0.3);
        }
        await service.RollAsync("2");
        await service.StableAsync(4);
        foreach (var machine in site.Machines)
        {
            await machine.HealLinkAsync();
        }
        await service.RunsExactlyAsync(4);
        Assert.Equal(8, (await service.ContainersAsync()).Count);
        await service.EndsWithoutALostLineAsync();
    }
}
