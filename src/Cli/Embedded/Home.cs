using System.Text.Json;
using System.Text.Json.Serialization;
using Longspan.Cli.Connection;

namespace Longspan.Cli.Embedded;

/// <summary>The folder of an embedded run: data of server and nodes, logs, pid files, and what <c>up</c> decided.</summary>
internal sealed class Home(string folder)
{
    public string Folder { get; } = Path.GetFullPath(folder);
    public string ServerData => Path.Combine(Folder, "server");
    public string AuthorityFile => Path.Combine(ServerData, ServerOptions.AuthorityFile);
    public string CredentialsFile => Path.Combine(ServerData, "credentials");
    /// <summary>The cloud node's own keys, not the administrator's.</summary>
    public string CloudNodeKeys => Path.Combine(Folder, $"{Topology.CloudNode}.credentials");
    public string CloudNodeState => Path.Combine(Folder, Topology.CloudNode);
    public string PremisesNodeState => Path.Combine(Folder, Topology.PremisesNode);
    public string PremisesFolder => Path.Combine(Folder, Topology.PremisesSite);
    public string Logs => Path.Combine(Folder, "logs");
    /// <summary>The docker client's configuration of this run, so that registry logins do not touch the user's own.</summary>
    public string DockerConfig => Path.Combine(Folder, "docker");
    /// <summary>Host folders of the sample's volumes.</summary>
    public string Volumes => Path.Combine(Folder, "volumes");
    public string ServerPid => Path.Combine(Folder, "server.pid");
    public string CloudNodePid => Path.Combine(Folder, $"{Topology.CloudNode}.pid");
    public string PremisesNodePid => Path.Combine(Folder, $"{Topology.PremisesNode}.pid");
    private string RunFile => Path.Combine(Folder, "run.json");

    public string LogOf(string process) => Path.Combine(Logs, process + ".log");

    /// <summary>What the last <c>up</c> decided, or null when nothing is up.</summary>
    public EmbeddedRun? ReadRun() =>
        File.Exists(RunFile) ? JsonSerializer.Deserialize(File.ReadAllBytes(RunFile), HomeJson.Default.EmbeddedRun) : null;

    public void WriteRun(EmbeddedRun run)
    {
        var temporary = RunFile + ".new";
        File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(run, HomeJson.Default.EmbeddedRun));
        File.Move(temporary, RunFile, overwrite: true);
    }

    public void ForgetRun() => File.Delete(RunFile);

    public EmbeddedRun RequireRun() =>
        ReadRun() ?? throw new CommandFailure($"Nothing is up in {Folder}.", "Start it with 'longspan up'.");
}

/// <param name="Port">The server's port on every address that it listens on.</param>
internal sealed record EmbeddedRun(int Port, int WebPort, int ApiPort)
{
    [JsonIgnore]
    public Uri Endpoint => new($"http://127.0.0.1:{Port}");
    /// <summary>As machines and containers of the cloud site reach the server; over TLS, by the authority of its data folder.</summary>
    [JsonIgnore]
    public Uri CloudEndpoint => new($"https://{Topology.CloudGateway}:{Port}");
    [JsonIgnore]
    public Uri PremisesEndpoint => new($"https://{Topology.LinkServerAddress}:{Port}");
    [JsonIgnore]
    public Uri WebPage => new($"http://localhost:{WebPort}/");
}

[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(EmbeddedRun))]
internal sealed partial class HomeJson : JsonSerializerContext;
