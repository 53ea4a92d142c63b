using System.Collections.Concurrent;
using Longspan.Cli.Embedded;
using Xunit;

namespace Longspan.System.Tests.Embedded;

/// <summary>What a killed server and a killed container may not harm.</summary>
[Collection(EmbeddedTests.Name)]
public sealed class FailureTests(EmbeddedSystem system)
{
    private static readonly TimeSpan BetweenOrders = TimeSpan.FromMilliseconds(250);

    [EmbeddedFact]
    public async Task A_killed_server_loses_no_accepted_order_and_touches_no_container()
    {
        const int BeforeTheKill = 20;
        const int AfterTheKill = 10;
        var containers = await system.SettledAsync();
        var accepted = new ConcurrentQueue<string>();
        var restarted = 0;
        using var enough = new CancellationTokenSource();
        var customers = Enumerable.Range(0, 3).Select(customer => Task.Run(async () =>
        {
            for (var i = 0; !enough.IsCancellationRequested; i++)
            {
                // The processor takes four orders a second; many more than that would only prolong the test.
                await Task.Delay(BetweenOrders, CancellationToken.None);
                if (await system.Shop.TryPlaceAsync($"kill-{customer}-{i:00000000}") is { } id)
                {
                    accepted.Enqueue(id);
                    if (Volatile.Read(ref restarted) is var after and > 0 && accepted.Count >= after + AfterTheKill)
                    {
                        await enough.CancelAsync();
                    }
                }
            }
        })).ToArray();

        await Soon.SeeAsync($"{BeforeTheKill} orders are accepted", () => Task.FromResult(accepted.Count), count => count >= BeforeTheKill);
        var server = BackgroundProcess.Find(system.Home.ServerPid);
        Assert.NotNull(server);
        await Tool.RunAsync("kill", ["-KILL", $"{server}"], default);
        await Soon.SeeAsync("the server is gone", () => Task.FromResult(BackgroundProcess.Find(system.Home.ServerPid) is null));

        await system.UpAsync();
        Volatile.Write(ref restarted, accepted.Count);
        await Task.WhenAll(customers).WaitAsync(Soon.Limit);

        await system.Shop.ProcessedAsync(accepted, TimeSpan.FromMinutes(2));
        Assert.Equal(containers, await system.AllContainersAsync());
        var stored = (await system.ProcessorStoreAsync()).Select(order => (string)order["orderId"]!).ToArray();
        Assert.Equal(stored.Length, stored.Distinct().Count());
        Assert.Subset(stored.ToHashSet(), accepted.ToHashSet());
    }

    [EmbeddedFact]
    public async Task A_crashed_container_is_replaced()
    {
        var crashed = Assert.Single(await system.ContainersAsync("orders-web"));
        await Tool.RunAsync("docker", ["kill", crashed], default);

        await Soon.SeeAsync("another web container runs", () => system.ContainersAsync("orders-web"),
            seen => seen.Count == 1 && seen[0] != crashed, describe: seen => $"{seen.Count} running, crashed was {crashed}: {string.Join(", ", seen)}");
        await Soon.SeeAsync("the page answers", system.Shop.FaultOfPageAsync, fault => fault is null);
        var id = await Soon.SeeAsync("an order is taken", () => system.Shop.TryPlaceAsync("after-the-crash-0001"), taken => taken is not null);
        await system.Shop.ProcessedAsync([id!]);
    }
}
