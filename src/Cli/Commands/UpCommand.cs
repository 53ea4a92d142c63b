using System.CommandLine;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Longspan.Api.Ssm;
using Longspan.Cli.Embedded;
using Longspan.Cli.Output;
using Longspan.Node;
using Longspan.Node.Identity;
using Longspan.Wire.Client;

namespace Longspan.Cli.Commands;

/// <summary><c>longspan up</c>: the whole stretched order system on this machine. Can be run again: it goes on where things stand.</summary>
internal static class UpCommand
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan StableLimit = TimeSpan.FromMinutes(3);

    public static Command Create()
    {
        var homeOption = SharedOptions.Home();
        var port = new Option<int>("--port") { Description = "Port of the AWS endpoint", DefaultValueFactory = _ => Topology.DefaultPort };
        var webPort = new Option<int>("--web-port") { Description = "Port of the order page", DefaultValueFactory = _ => Topology.WebPort };
        var apiPort = new Option<int>("--api-port") { Description = "Port of the orders API", DefaultValueFactory = _ => Topology.ApiPort };
        var yes = new Option<bool>("--yes", "-y") { Description = "Install Docker from the distribution without asking, when there is none" };
        var command = new Command("up", "Run the stretched order system: a server, a cloud node and an on-premises node") { homeOption, port, webPort, apiPort, yes };
        command.SetAction(async (parsed, stop) =>
        {
            var home = new Home(parsed.GetRequiredValue(homeOption).FullName);
            var run = home.ReadRun() ?? new EmbeddedRun(parsed.GetValue(port), parsed.GetValue(webPort), parsed.GetValue(apiPort));
            await RunAsync(Terminal.Standard(), home, run, parsed.GetValue(yes), stop);
            return 0;
        });
        return command;
    }

    private static async Task RunAsync(Terminal terminal, Home home, EmbeddedRun run, bool yes, CancellationToken stop)
    {
        var took = Stopwatch.StartNew();
        var root = Environment.GetEnvironmentVariable("LONGSPAN_ROOT") ?? throw new CommandFailure("Start this through the 'longspan' script of the checkout.");
        if (!Environment.IsPrivilegedProcess)
        {
            throw new CommandFailure("Network namespaces and containers need root.", "Run 'sudo ./longspan up'.");
        }
        using var turn = RunTurn.Take();
        terminal.Heading("Longspan: one cluster over cloud and premises");
        if (BackgroundProcess.Find(home.ServerPid) is null)
        {
            RequireFreePorts(run);
        }
        Directory.CreateDirectory(home.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.CreateDirectory(home.Logs);
        await Engine.EnsureAsync(terminal, yes, stop);
        await Engine.EnsureToolsAsync(terminal, yes, stop);
        var premises = new PremisesSite(home.PremisesFolder);
        await terminal.StepAsync("Building the images of the order services", () => Tool.RunAsync(
            Path.Combine(root, "samples", "Orders", "build-images.sh"), [], stop, TimeSpan.FromMinutes(15)));
        await terminal.StepAsync("Laying out the cloud site", () => CloudSite.CreateNetworkAsync(stop));
        await terminal.StepAsync("Laying out the on-premises site and its link", () => premises.CreateAsync(stop));
        home.WriteRun(run);
        await terminal.StepAsync("Starting the server", () => StartServerAsync(home, run, stop));
        using var aws = EmbeddedClient.Open(home, run);
        var system = new OrderSystem(aws.Client, home, root, run);
        await terminal.StepAsync("Making queues, roles and repositories", () => system.PrepareAsync(stop));
        await terminal.StepAsync("Pushing the images to the registry", () => system.PushImagesAsync(stop));
        await terminal.StepAsync($"Joining {Topology.CloudNode}", () => StartCloudNodeAsync(home, run, aws.Client, stop));
        await terminal.StepAsync($"Joining {Topology.PremisesNode} with a hybrid activation", () => StartPremisesNodeAsync(home, run, aws.Client, premises, stop));
        await terminal.StepAsync("Deploying the three services", async () =>
        {
            await system.DeployAsync(stop);
            try
            {
                await Wait.UntilAsync("all three services are stable", () => system.IsStableAsync(stop), StableLimit, stop, TimeSpan.FromMilliseconds(250));
            }
            catch (CommandFailure)
            {
                throw new CommandFailure($"The services did not become stable within {StableLimit.TotalMinutes:0} minutes.{Environment.NewLine}{await system.ExplainAsync(stop)}", "Look at 'longspan status' and 'longspan logs'.");
            }
        });
        await terminal.StepAsync("Waiting for the order page", () => Wait.UntilAsync("the order page answers", () => AnswersAsync(run.WebPage, stop), ReadyLimit, stop));
        PrintNextSteps(terminal, run, took.Elapsed);
    }

    private static async Task StartServerAsync(Home home, EmbeddedRun run, CancellationToken stop)
    {
        if (BackgroundProcess.Find(home.ServerPid) is null)
        {
            await BackgroundProcess.StartAsync("dotnet", [
                Self, "server", "--data", home.ServerData, "--port", $"{run.Port}",
                "--bind", "127.0.0.1", "--bind", Topology.CloudGateway, "--bind", Topology.LinkServerAddress,
                "--publish", $"{run.WebPort}={Topology.Region}/{Topology.Cluster}/orders-web:8080",
                "--publish", $"{run.ApiPort}={Topology.Region}/{Topology.Cluster}/orders-api:8080"],
                home.LogOf("server"), stop, home.ServerPid);
        }
        var health = new Uri(run.Endpoint, "/health");
        await Wait.UntilAsync($"the server answers {health}", async () =>
            BackgroundProcess.Find(home.ServerPid) is null ? throw Died("server", home) : await AnswersAsync(health, stop), ReadyLimit, stop);
        if (!File.Exists(home.AuthorityFile))
        {
            throw new CommandFailure("The server that runs was started by an earlier build, which spoke plain HTTP.", "Stop it with 'longspan down', then start again; its data is kept.");
        }
    }

    private static async Task StartCloudNodeAsync(Home home, EmbeddedRun run, AwsClient aws, CancellationToken stop)
    {
        if (BackgroundProcess.Find(home.CloudNodePid) is null)
        {
            await BackgroundProcess.StartAsync("dotnet", [
                Self, "node", "--name", Topology.CloudNode, "--endpoint", run.CloudEndpoint.OriginalString, "--ca", home.AuthorityFile, "--region", Topology.Region, "--cluster", Topology.Cluster,
                "--state", home.CloudNodeState, "--credentials", home.CloudNodeKeys,
                "--attribute", $"site={Topology.CloudSite}", "--attribute", "longspan.capacity=fargate",
                "--docker-host", $"unix://{Engine.Socket}", "--network", Topology.CloudNetwork, "--publish-address", Topology.CloudGateway,
                "--container-endpoint-url", run.CloudEndpoint.OriginalString],
                home.LogOf(Topology.CloudNode), stop, home.CloudNodePid);
        }
        await ConnectedAsync(home, Topology.CloudNode, home.CloudNodePid, aws, stop);
    }

    private static async Task StartPremisesNodeAsync(Home home, EmbeddedRun run, AwsClient aws, PremisesSite premises, CancellationToken stop)
    {
        if (BackgroundProcess.Find(home.PremisesNodePid) is null)
        {
            List<string> arguments =
            [
                Self, "node", "--name", Topology.PremisesNode, "--endpoint", run.PremisesEndpoint.OriginalString, "--region", Topology.Region, "--cluster", Topology.Cluster,
                "--state", home.PremisesNodeState, "--attribute", $"site={Topology.PremisesSite}",
                "--docker-host", $"unix://{premises.Socket}", "--network", Topology.PremisesNetwork, "--container-endpoint-url", run.PremisesEndpoint.OriginalString,
            ];
            if (!NodeSettings.IsRegistered(home.PremisesNodeState))
            {
                var activation = await aws.CallAsync(SsmOperations.CreateActivation, new()
                {
                    IamRole = OrderSystem.NodeRole, DefaultInstanceName = Topology.PremisesNode, RegistrationLimit = 1,
                }, stop);
                // The machine keeps the pin that the token has, so that a later start needs none.
                var token = new JoinToken(run.PremisesEndpoint, Topology.Region, activation.ActivationId!, activation.ActivationCode!,
                    PublicKeyPin.Of(ServerTrust.ReadAuthorities(home.AuthorityFile)[0]));
                arguments.AddRange(["--join-token", token.Encode()]);
            }
            else if (SavedServer.Read(home.PremisesNodeState)?.Pin is null)
            {
                // It joined with an earlier build, over plain HTTP.
                arguments.AddRange(["--ca", home.AuthorityFile]);
            }
            await BackgroundProcess.StartAsync("dotnet", arguments, home.LogOf(Topology.PremisesNode), stop, home.PremisesNodePid, Topology.PremisesNamespace);
        }
        await ConnectedAsync(home, Topology.PremisesNode, home.PremisesNodePid, aws, stop);
    }

    private static Task ConnectedAsync(Home home, string node, string pidFile, AwsClient aws, CancellationToken stop) =>
        Wait.UntilAsync($"{node} is connected", async () =>
            BackgroundProcess.Find(pidFile) is null ? throw Died(node, home) : (await StatusReader.NodesAsync(aws, stop)).Any(n => n.Name == node && n.Connected),
            ReadyLimit, stop);

    private static CommandFailure Died(string process, Home home)
    {
        var log = home.LogOf(process);
        var last = File.Exists(log) ? string.Join(Environment.NewLine, File.ReadLines(log).TakeLast(5)) : "";
        return new CommandFailure($"The {process} process ended. Its last words:{Environment.NewLine}{last}", $"All of them: {log}");
    }

    private static void RequireFreePorts(EmbeddedRun run)
    {
        foreach (var (port, option) in new[] { (run.Port, "--port"), (run.WebPort, "--web-port"), (run.ApiPort, "--api-port") })
        {
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
            }
            catch (SocketException)
            {
                throw new CommandFailure($"Port {port} is in use.", $"Choose another with {option}, or stop the program that has it (ss -ltnp shows it).");
            }
        }
    }

    private static async Task<bool> AnswersAsync(Uri address, CancellationToken stop)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        try
        {
            using var answer = await http.GetAsync(address, stop);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException && !stop.IsCancellationRequested)
        {
            return false;
        }
    }

    private static string Self => typeof(UpCommand).Assembly.Location;

    private static void PrintNextSteps(Terminal terminal, EmbeddedRun run, TimeSpan took)
    {
        Terminal.Line();
        terminal.Heading($"Ready in {took.TotalSeconds:0} s. Open {run.WebPage} and place an order.");
        Terminal.Line("  ./longspan status                 what runs where, what waits");
        Terminal.Line("  ./longspan cut on-premises        break the link; go on ordering");
        Terminal.Line("  ./longspan heal on-premises       restore it; every order arrives");
        Terminal.Line("  eval \"$(./longspan env)\"          then: aws ecs list-services --cluster orders");
        Terminal.Line("  ./longspan down                   stop everything (--purge removes the data)");
    }
}
