using System.CommandLine;
using Longspan.Cli.Embedded;
using Longspan.Node;
using Microsoft.Extensions.Logging;

namespace Longspan.Cli.Commands;

/// <summary><c>longspan node</c>: the node agent in the foreground.</summary>
internal static class NodeCommand
{
    /// <summary>The server refused this machine; a supervisor must not start it again.</summary>
    private const int RefusedExitCode = 5;

    public static Command Create()
    {
        var name = new Option<string>("--name") { Description = "Name of this node (default: the host's name)", DefaultValueFactory = _ => Environment.MachineName };
        var endpoint = SharedOptions.Url("--endpoint", "Base URL of the server", DefaultEndpoint);
        var region = new Option<string>("--region") { Description = "Region", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("AWS_REGION") ?? "us-east-1" };
        var cluster = new Option<string>("--cluster") { Description = "ECS cluster", DefaultValueFactory = _ => "default" };
        var state = new Option<DirectoryInfo>("--state") { Description = "Folder of this node's state; one node per folder", Required = true };
        var activationId = new Option<string>("--activation-id") { Description = "Hybrid activation: its id. First start of an external node" };
        var activationCode = new Option<string>("--activation-code") { Description = "Hybrid activation: its code" };
        var credentials = new Option<FileInfo>("--credentials") { Description = "AWS shared-credentials file, for cloud capacity" };
        var attributes = new Option<string[]>("--attribute") { Description = "NAME=VALUE, an attribute of the container instance; may be repeated" };
        var cpu = new Option<int?>("--cpu") { Description = "CPU units to offer, 1024 a core (default: the machine's)" };
        var memory = new Option<int?>("--memory") { Description = "MiB of memory to offer (default: the machine's)" };
        var engine = new Option<string>("--engine") { Description = "docker, or fake for trying things out", DefaultValueFactory = _ => "docker" };
        engine.AcceptOnlyFromAmong("docker", "fake");
        var docker = SharedOptions.Url("--docker-host", "Docker engine", () => new Uri("unix:///var/run/docker.sock"));
        var network = new Option<string>("--network") { Description = "Docker network of the containers (default: the engine's bridge)" };
        var publishAddress = new Option<string>("--publish-address") { Description = "Host address of published ports", DefaultValueFactory = _ => "0.0.0.0" };
        var containerEndpoint = new Option<string>("--container-endpoint-url") { Description = "AWS_ENDPOINT_URL of containers that do not set it themselves" };
        var command = new Command("node", "Run a node agent in the foreground")
        {
            name, endpoint, region, cluster, state, activationId, activationCode, credentials, attributes, cpu, memory, engine, docker, network,
            publishAddress, containerEndpoint,
        };
        command.SetAction(async (parsed, stop) =>
        {
            var id = parsed.GetValue(activationId);
            var code = parsed.GetValue(activationCode);
            if (id is null != code is null)
            {
                throw new CommandFailure("An activation has an id and a code; only one was given.", "Give both --activation-id and --activation-code.");
            }
            var settings = new NodeSettings
            {
                Name = parsed.GetRequiredValue(name),
                Endpoint = parsed.GetRequiredValue(endpoint),
                Region = parsed.GetRequiredValue(region),
                Cluster = parsed.GetRequiredValue(cluster),
                StateFolder = parsed.GetRequiredValue(state).FullName,
                Activation = id is not null && code is not null ? new NodeActivation(id, code) : null,
                KeysFile = parsed.GetValue(credentials)?.FullName,
                Keys = KeysFromEnvironment(),
                Attributes = ParseAttributes(parsed.GetValue(attributes) ?? []),
                CpuUnits = parsed.GetValue(cpu),
                MemoryMib = parsed.GetValue(memory),
                Engine = parsed.GetValue(engine) == "fake" ? EngineKind.Fake : EngineKind.Docker,
                DockerHost = parsed.GetRequiredValue(docker),
                Network = parsed.GetValue(network),
                PublishAddress = parsed.GetRequiredValue(publishAddress),
                ContainerEndpointUrl = parsed.GetValue(containerEndpoint),
            };
            using var log = LoggerFactory.Create(builder => builder.AddSimpleConsole(format =>
            {
                format.SingleLine = true;
                format.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
                format.UseUtcTimestamp = true;
            }));
            return await NodeAgent.RunAsync(settings, log.CreateLogger("Longspan.Node"), stop) switch
            {
                NodeOutcome.Stopped => 0,
                NodeOutcome.RegistrationRefused => RefusedExitCode,
                _ => 1,
            };
        });
        return command;
    }

    private static Uri DefaultEndpoint() => new(Environment.GetEnvironmentVariable("AWS_ENDPOINT_URL") ?? $"http://127.0.0.1:{Topology.DefaultPort}");

    private static NodeKeys? KeysFromEnvironment() =>
        Environment.GetEnvironmentVariable("AWS_ACCESS_KEY_ID") is { Length: > 0 } id && Environment.GetEnvironmentVariable("AWS_SECRET_ACCESS_KEY") is { Length: > 0 } secret
            ? new NodeKeys(id, secret, Environment.GetEnvironmentVariable("AWS_SESSION_TOKEN"))
            : null;

    private static Dictionary<string, string> ParseAttributes(string[] texts)
    {
        var attributes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            var sides = text.Split('=', 2);
            if (sides.Length != 2 || sides[0].Length == 0 || !attributes.TryAdd(sides[0], sides[1]))
            {
                throw new CommandFailure($"--attribute {text} is not understood.", "Use NAME=VALUE, each name once.");
            }
        }
        return attributes;
    }
}
