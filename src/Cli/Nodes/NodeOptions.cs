using System.CommandLine;
using System.Globalization;
using Longspan.Cli.Commands;
using Longspan.Cli.Embedded;
using Longspan.Node;
using Longspan.Node.Engines.Docker;
using Longspan.Node.Identity;

namespace Longspan.Cli.Nodes;

/// <summary>The options of a node, for the command that runs it and for those that look at its machine.</summary>
internal sealed class NodeOptions
{
    /// <summary>Where the install script puts a node's state.</summary>
    public const string InstalledState = "/var/lib/longspan-node";
    /// <summary>Draining may be told to take this long; a supervisor waits longer.</summary>
    public static readonly TimeSpan LongestDrain = TimeSpan.FromHours(1);
    private static readonly TimeSpan DefaultDrain = TimeSpan.FromMinutes(5);

    private readonly Option<string> _name = new("--name") { Description = "Name of this node (default: the host's name)", DefaultValueFactory = _ => Environment.MachineName };
    private readonly Option<Uri> _endpoint = SharedOptions.Url(
        "--endpoint", "Base URL of the server (default: the join token's, else $AWS_ENDPOINT_URL, else what was joined before)", DefaultEndpoint);

    private readonly Option<string> _region = new("--region")
    {
        Description = "Region (default: the join token's, else $AWS_REGION, else what was joined before)", DefaultValueFactory = _ => "us-east-1",
    };

    private readonly Option<string> _cluster = new("--cluster") { Description = "ECS cluster", DefaultValueFactory = _ => "default" };
    private readonly Option<DirectoryInfo> _state = new("--state") { Description = "Folder of this node's state; one node per folder" };
    private readonly Option<string> _joinToken = new("--join-token")
    {
        Description = "Join token of 'longspan join-token create' (default: $LONGSPAN_JOIN_TOKEN, which other users do not see). First start of an external node",
    };

    private readonly Option<FileInfo> _authority = new("--ca")
    {
        Description = "PEM file of the authority behind the server's certificate (default: the join token's pin, else the machine's trust store)",
    };

    private readonly Option<DirectoryInfo> _registryCertificates = new("--registry-certs")
    {
        Description = "The Docker engine's folder of certificates by registry (default: /etc/docker/certs.d as root)",
    };

    private readonly Option<string> _activationId = new("--activation-id") { Description = "Hybrid activation: its id (default: $LONGSPAN_ACTIVATION_ID). First start of an external node" };
    private readonly Option<string> _activationCode = new("--activation-code") { Description = "Hybrid activation: its code (default: $LONGSPAN_ACTIVATION_CODE)" };
    private readonly Option<FileInfo> _credentials = new("--credentials") { Description = "AWS shared-credentials file, for cloud capacity" };
    private readonly Option<string[]> _attributes = new("--attribute") { Description = "NAME=VALUE, an attribute of the container instance; may be repeated" };
    private readonly Option<string> _site = new("--site") { Description = "Site of this node: short for --attribute site=NAME" };
    private readonly Option<int?> _cpu = Count("--cpu", "CPU units to offer, 1024 a core (default: the machine's)");
    private readonly Option<int?> _memory = Count("--memory", "MiB of memory to offer (default: the machine's)");
    private readonly Option<int?> _reservedCpu = Count("--reserved-cpu", "CPU units to keep back from tasks");
    private readonly Option<int?> _reservedMemory = Count("--reserved-memory", "MiB of memory to keep back from tasks");
    private readonly Option<int[]> _reservedPorts = new("--reserved-port") { Description = "TCP port of the host that tasks may not have, beside 22, 2375 and 2376; may be repeated" };
    private readonly Option<string> _engine = new("--engine") { Description = "docker, or fake for trying things out", DefaultValueFactory = _ => "docker" };
    private readonly Option<Uri> _docker = SharedOptions.Url("--docker-host", "Docker engine: its socket as unix:///PATH", () => new Uri("unix:///var/run/docker.sock"));
    private readonly Option<string> _network = new("--network") { Description = "Docker network of the containers (default: the engine's bridge)" };
    private readonly Option<string> _publishAddress = new("--publish-address") { Description = "Host address of published ports", DefaultValueFactory = _ => "0.0.0.0" };
    private readonly Option<string> _containerEndpoint = new("--container-endpoint-url") { Description = "AWS_ENDPOINT_URL of containers that do not set it themselves; if it is https, they get the pinned or given authority, too" };
    private readonly Option<int?> _logSpool = Count("--log-spool", "MiB of disk for output that the server has not taken yet (default: 256)");
    private readonly Option<bool> _drain = new("--drain-on-shutdown") { Description = "Asked to stop, have the instance drained first and wait for its tasks to end" };
    private readonly Option<int?> _drainTimeout = Count("--drain-timeout", $"Seconds to wait for that at most (default: {DefaultDrain.TotalSeconds:0})");

    public NodeOptions(bool stateIsRequired)
    {
        _engine.AcceptOnlyFromAmong("docker", "fake");
        _state.Required = stateIsRequired;
        if (!stateIsRequired)
        {
            _state.DefaultValueFactory = _ => new DirectoryInfo(InstalledState);
        }
        _reservedPorts.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                if (!int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 65535)
                {
                    result.AddError($"--reserved-port {token.Value} is not a port; use 1 to 65535.");
                }
            }
        });
    }

    public IReadOnlyList<Option> All =>
    [
        _name, _endpoint, _region, _cluster, _state, _joinToken, _authority, _registryCertificates, _activationId, _activationCode, _credentials, _attributes, _site, _cpu, _memory,
        _reservedCpu, _reservedMemory, _reservedPorts, _engine, _docker, _network, _publishAddress, _containerEndpoint, _logSpool,
        _drain, _drainTimeout,
    ];

    public NodeSettings Read(ParseResult parsed)
    {
        // From the environment, too: what is on a command line every user of the machine can read.
        var id = parsed.GetValue(_activationId) ?? Variable("LONGSPAN_ACTIVATION_ID");
        var code = parsed.GetValue(_activationCode) ?? Variable("LONGSPAN_ACTIVATION_CODE");
        if (id is null != code is null)
        {
            throw new CommandFailure("An activation has an id and a code; only one was given.", "Give both --activation-id and --activation-code.", exitCode: 2);
        }
        var token = Token(parsed, id is not null);
        var state = parsed.GetRequiredValue(_state).FullName;
        var (endpoint, region) = Server(parsed, token, state);
        var settings = new NodeSettings
        {
            Name = parsed.GetRequiredValue(_name),
            Endpoint = endpoint,
            Region = region,
            Cluster = parsed.GetRequiredValue(_cluster),
            StateFolder = state,
            JoinToken = token,
            AuthorityFile = parsed.GetValue(_authority)?.FullName,
            RegistryCertificates = RegistryCertificates(parsed),
            Activation = token is not null ? new NodeActivation(token.ActivationId, token.ActivationCode)
                : id is not null && code is not null ? new NodeActivation(id, code) : null,
            KeysFile = parsed.GetValue(_credentials)?.FullName,
            Keys = KeysFromEnvironment(),
            Attributes = ParseAttributes(parsed.GetValue(_attributes) ?? [], parsed.GetValue(_site)),
            CpuUnits = parsed.GetValue(_cpu),
            MemoryMib = parsed.GetValue(_memory),
            ReservedCpuUnits = parsed.GetValue(_reservedCpu) ?? 0,
            ReservedMemoryMib = parsed.GetValue(_reservedMemory) ?? 0,
            Engine = parsed.GetValue(_engine) == "fake" ? EngineKind.Fake : EngineKind.Docker,
            DockerHost = parsed.GetRequiredValue(_docker),
            Network = parsed.GetValue(_network),
            PublishAddress = parsed.GetRequiredValue(_publishAddress),
            ContainerEndpointUrl = parsed.GetValue(_containerEndpoint),
            DrainLimit = parsed.GetValue(_drain) ? DrainLimit(parsed) : null,
        };
        return settings with
        {
            ReservedPorts = [.. settings.ReservedPorts.Union(parsed.GetValue(_reservedPorts) ?? [])],
            LogSpoolBytes = parsed.GetValue(_logSpool) is { } spool ? spool * 1024L * 1024 : settings.LogSpoolBytes,
        };
    }

    private JoinToken? Token(ParseResult parsed, bool hasActivation)
    {
        if ((parsed.GetValue(_joinToken) ?? Variable("LONGSPAN_JOIN_TOKEN")) is not { } text)
        {
            return null;
        }
        // The text itself is never repeated: it may be a token with one letter too few.
        var token = JoinToken.Parse(text.Trim()) ?? throw new CommandFailure(
            "The join token is not a whole one.", "Give what 'longspan join-token create' printed, all of its one line.", exitCode: 2);
        return hasActivation ? throw new CommandFailure("A join token has an activation in it; another was given beside it.", "Give one of them.", exitCode: 2)
            : token.Pin is not null && parsed.GetValue(_authority) is not null ? throw new CommandFailure(
                "The join token says which authority to expect, and --ca says another time.", "Give one of them.", exitCode: 2)
            : token;
    }

    /// <summary>What is on the command line comes first, then the token, the environment, and what an earlier token said.</summary>
    private (Uri Endpoint, string Region) Server(ParseResult parsed, JoinToken? token, string state)
    {
        SavedServer? saved = null;
        try
        {
            saved = SavedServer.Read(state);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            // Whoever uses the folder says so: the doctor as a finding, the node by ending.
        }
        var endpoint = IsGiven(parsed, _endpoint) ? null : token?.Endpoint ?? (Variable("AWS_ENDPOINT_URL") is null ? saved?.Endpoint : null);
        var region = IsGiven(parsed, _region) ? null : token?.Region ?? Variable("AWS_REGION") ?? saved?.Region;
        return (endpoint ?? parsed.GetRequiredValue(_endpoint), region ?? parsed.GetRequiredValue(_region));
    }

    private string? RegistryCertificates(ParseResult parsed) =>
        parsed.GetValue(_registryCertificates)?.FullName
        ?? (parsed.GetValue(_engine) == "docker" && Environment.IsPrivilegedProcess ? RegistryAuthority.DefaultFolder : null);

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    private TimeSpan DrainLimit(ParseResult parsed)
    {
        var limit = parsed.GetValue(_drainTimeout) is { } seconds ? TimeSpan.FromSeconds(seconds) : DefaultDrain;
        return limit <= LongestDrain ? limit
            : throw new CommandFailure($"--drain-timeout may be at most {LongestDrain.TotalSeconds:0} seconds.", exitCode: 2);
    }

    private static Option<int?> Count(string name, string description) => new(name)
    {
        Description = description,
        CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0)
            {
                return count;
            }
            result.AddError($"{name} {result.Tokens[0].Value} is not a number from 1 on.");
            return null;
        },
    };

    private static Uri DefaultEndpoint() => new(Environment.GetEnvironmentVariable("AWS_ENDPOINT_URL") ?? $"http://127.0.0.1:{Topology.DefaultPort}");

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static NodeKeys? KeysFromEnvironment() =>
        Environment.GetEnvironmentVariable("AWS_ACCESS_KEY_ID") is { Length: > 0 } id && Environment.GetEnvironmentVariable("AWS_SECRET_ACCESS_KEY") is { Length: > 0 } secret
            ? new NodeKeys(id, secret, Environment.GetEnvironmentVariable("AWS_SESSION_TOKEN"))
            : null;

    private static Dictionary<string, string> ParseAttributes(string[] texts, string? site)
    {
        var attributes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in site is null ? texts : [.. texts, $"site={site}"])
        {
            var sides = text.Split('=', 2);
            if (sides.Length != 2 || sides[0].Length == 0 || !attributes.TryAdd(sides[0], sides[1]))
            {
                throw new CommandFailure($"--attribute {text} is not understood.", "Use NAME=VALUE, each name once.", exitCode: 2);
            }
        }
        return attributes;
    }
}
