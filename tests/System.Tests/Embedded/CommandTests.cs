using Longspan.Cli.Embedded;
using Longspan.Node.Identity;
using Longspan.Wire.Client;
using Xunit;

namespace Longspan.System.Tests.Embedded;

/// <summary>The commands around a run: up again, status, env, down and up with the data of before.</summary>
[Collection(EmbeddedTests.Name)]
public sealed class CommandTests(EmbeddedSystem system)
{
    [EmbeddedFact]
    public async Task A_second_up_changes_nothing()
    {
        var containers = await system.SettledAsync();
        var processes = Processes();
        await system.UpAsync();
        Assert.Equal(containers, await system.AllContainersAsync());
        Assert.Equal(processes, Processes());
    }

    [EmbeddedFact]
    public async Task Status_tells_processes_sites_nodes_and_services()
    {
        var status = await Soon.SeeAsync("both nodes are connected and all services run", system.StatusAsync, seen =>
            seen["nodes"]!.AsArray().Count(node => (bool)node!["connected"]!) == 2
            && seen["services"]!.AsArray().Count(service => (int)service!["running"]! == 1) == 3);
        Assert.Equal(["server", Topology.CloudNode, Topology.PremisesNode], status["processes"]!.AsArray().Select(process => (string)process!["name"]!));
        Assert.All(status["processes"]!.AsArray(), process => Assert.True((int?)process!["pid"] > 0 && (long)process["residentMib"]! > 0));
        Assert.Equal(["cloud local", "on-premises up"], status["sites"]!.AsArray().Select(site => $"{site!["name"]} {site["link"]}"));
        Assert.Equal(["cloud-1 cloud", "onprem-1 on-premises"], status["nodes"]!.AsArray().Select(node => $"{node!["name"]} {node["site"]}"));
        Assert.Equal(
            ["orders-api FARGATE", "orders-processor EXTERNAL", "orders-web FARGATE"],
            status["services"]!.AsArray().Select(service => $"{service!["name"]} {service["launchType"]}"));
        Assert.Contains("orders", status["queues"]!.AsArray().Select(queue => (string)queue!["name"]!));
    }

    [EmbeddedFact]
    public async Task Across_the_link_there_is_TLS_only_and_the_node_has_pinned_the_servers_key()
    {
        using var trusting = new HttpClient(ServerTrust.FromFile(system.Home.AuthorityFile).Guard(new SocketsHttpHandler()));
        Assert.Equal("""{"status":"ok"}""", await trusting.GetStringAsync(new Uri(system.Run.PremisesEndpoint, "/health")));
        using var plain = new HttpClient();
        foreach (var address in new[] { system.Run.PremisesEndpoint, system.Run.CloudEndpoint })
        {
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => plain.GetAsync(new Uri($"http://{address.Authority}/health")));
        }
        var pin = PublicKeyPin.Of(ServerTrust.ReadAuthorities(system.Home.AuthorityFile)[0]);
        Assert.Equal(pin.Text, SavedServer.Read(system.Home.PremisesNodeState)?.Pin);
    }

    [EmbeddedFact]
    public async Task Env_points_clients_at_the_run()
    {
        var lines = (await system.LongspanAsync("env")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, line => Assert.StartsWith("export ", line, StringComparison.Ordinal));
        Assert.Contains($"export AWS_ENDPOINT_URL='http://127.0.0.1:{system.Run.Port}'", lines);
        Assert.Contains($"export AWS_SHARED_CREDENTIALS_FILE='{system.Home.CredentialsFile}'", lines);
    }

    [EmbeddedFact]
    public async Task Down_leaves_nothing_running_and_up_goes_on_with_the_data()
    {
        var order = await system.Shop.PlaceAsync("before-the-down-0001");
        await system.Shop.ProcessedAsync([order]);
        await system.LongspanAsync("down");
        Assert.Empty(await system.LeftoversAsync());
        Assert.NotNull(await system.Shop.FaultOfPageAsync());

        await system.UpAsync();
        await system.Shop.ProcessedAsync([order]);
        Assert.Single(await system.ProcessorStoreAsync(), stored => (string)stored["orderId"]! == order);
        var next = await system.Shop.PlaceAsync("after-the-down-0001");
        await system.Shop.ProcessedAsync([next]);
    }

    [EmbeddedFact]
    public async Task Up_is_refused_while_another_is_at_work()
    {
        var before = Processes();
        using (RunTurn.Take())
        {
            var refusal = await Assert.ThrowsAsync<CommandFailure>(system.UpAsync);
            Assert.Contains("Another 'longspan up' or 'longspan down' is at work", refusal.Message, StringComparison.Ordinal);
        }
        await system.UpAsync();
        Assert.Equal(before, Processes());
    }

    private (int?, int?, int?) Processes() =>
        (BackgroundProcess.Find(system.Home.ServerPid), BackgroundProcess.Find(system.Home.CloudNodePid), BackgroundProcess.Find(system.Home.PremisesNodePid));
}
