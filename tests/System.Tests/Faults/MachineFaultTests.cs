using Longspan.Api.Ecs;
using Longspan.System.Tests.Clients;
using Xunit;

namespace Longspan.System.Tests.Faults;

/// <summary>Wrong clocks, a full disk, and a second server by mistake.</summary>
[Collection(FaultCollection.Name)]
public sealed class MachineFaultTests(FaultSite site)
{
    [FaultTheory]
    [InlineData("-10m")]
    [InlineData("+10m")]
    public async Task A_machine_whose_clock_is_ten_minutes_off_works(string skew)
    {
        var machine = site.Machines[0];
        var service = new FaultService(site, $"clock{(skew[0] == '-' ? "-late" : "-early")}");
        await service.CreateAsync(1, "a");
        var before = await service.ContainersAsync();
        await machine.KillNodeAsync();
        await machine.StartAsync(null, "faketime", "-f", skew);
        await site.ConnectedAsync(2);
        await service.UntouchedAsync(before);
        await service.RollAsync("2");
        await service.StableAsync(1);
        await service.RunsExactlyAsync(1);
        // Right again: nothing minds.
        await machine.KillNodeAsync();
        await machine.StartAsync();
        await service.EndsWithoutALostLineAsync();
    }

    [FaultFact]
    public async Task A_full_disk_of_a_machine_stops_nothing_and_loses_nothing()
    {
        var service = new FaultService(site, "disk");
        await service.CreateAsync(2, "a");
        var before = await service.ContainersAsync();
        site.Machines[0].FillDisk();
        try
        {
            await site.Client.CallAsync(EcsOperations.UpdateService, new() { Cluster = FaultSite.Cluster, Service = "disk", DesiredCount = 3 }, default);
            await Until.TrueAsync("the third task is placed on the machine that cannot save it", async () => (await service.TasksAsync()).Count == 3);
            await site.Machines[0].Node.SaysAsync("No space left on device");
            await service.SaysMoreAsync(before[0]);
            Assert.All(before, was => Assert.Contains(was, service.ContainersAsync().Result));
        }
        finally
        {
            site.Machines[0].FreeDisk();
        }
        await service.StableAsync(3);
        await service.RunsExactlyAsync(3);
        Assert.All(before, was => Assert.Contains(was, service.ContainersAsync().Result));
        await service.EndsWithoutALostLineAsync();
    }

    [FaultFact]
    public async Task A_second_server_on_the_same_data_is_refused_and_harms_nothing()
    {
        var service = new FaultService(site, "second");
        await service.CreateAsync(2);
        var before = await service.ContainersAsync();
        await using var second = site.InNamespace(
            site.ServerNamespace, [], "server", "--data", site.Data, "--bind", site.ServerAddress, "--port", "4567", "--insecure-http");
        Assert.NotEqual(0, await second.EndsAsync());
        Assert.Contains("another", second.Said, StringComparison.OrdinalIgnoreCase);
        await service.RollAsync("2");
        await service.StableAsync(2);
        await service.RunsExactlyAsync(2);
        Assert.Equal(before.Count * 2, (await service.ContainersAsync()).Count);
        await service.EndsWithoutALostLineAsync();
    }
}
