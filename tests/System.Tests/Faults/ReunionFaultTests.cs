using Longspan.Api.Ecs;
using Longspan.System.Tests.Clients;
using Xunit;

namespace Longspan.System.Tests.Faults;

/// <summary>An agent that comes back when its tasks have been replaced.</summary>
[Collection(FaultCollection.Name)]
public sealed class ReunionFaultTests(FaultSite site)
{
    [FaultTheory]
    [InlineData("keep-original")]
    [InlineData("keep-replacement")]
    public async Task A_stale_agents_tasks_or_their_replacements_stop_as_the_policy_says(string reunion)
    {
        var service = new FaultService(site, reunion);
        await service.CreateAsync(2, null,
            new Tag { Key = "longspan:disconnect-replace-after", Value = "2s" }, new Tag { Key = "longspan:disconnect-reunion", Value = reunion });
        var original = Assert.Single(await site.Machines[0].ContainersAsync(reunion));
        Assert.Single(await site.Machines[1].ContainersAsync(reunion));

        await site.Machines[0].CutAsync();
        await Until.TrueAsync("the lost task is replaced on the other machine", async () => (await site.Machines[1].ContainersAsync(reunion)).Count(c => c.Running) == 2);
        Assert.True((await site.Machines[0].ContainersAsync(reunion)).Single().Running);
        // The stale agent's own process dies as well, and comes back with the containers that it left.
        await site.Machines[0].KillNodeAsync();
        await site.HealAsync();

        await Until.TrueAsync("one of the copies has stopped", async () => (await service.ContainersAsync()).Count(c => c.Running) == 2);
        await service.StableAsync(2);
        await service.RunsExactlyAsync(2);
        Assert.Equal(reunion == "keep-original", (await service.ContainersAsync()).Single(c => c.Id == original.Id).Running);
        // Three were made in all: nothing was started for the reunion.
        Assert.Equal(3, (await service.ContainersAsync()).Count);
        await service.EndsWithoutALostLineAsync();
    }

    [FaultFact]
    public async Task Without_a_policy_a_machine_that_is_away_is_waited_for()
    {
        var service = new FaultService(site, "waited-for");
        await service.CreateAsync(2);
        var before = await service.ContainersAsync();
        await site.Machines[0].CutAsync();
        await site.ConnectionOfAsync(site.Machines[0], connected: false);
        await site.Server.KillAsync();
        await site.HealAsync();
        await service.StableAsync(2);
        await service.UntouchedAsync(before);
        await service.EndsWithoutALostLineAsync();
    }
}
