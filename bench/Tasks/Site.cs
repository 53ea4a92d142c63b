using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Docker.DotNet;
using Docker.DotNet.Models;
using Longspan.Api.Ecr;
using Longspan.Api.Ecs;
using Longspan.Wire.Client;
using Longspan.Wire.Signing;

namespace Longspan.Tasks;

/// <summary>A server, a node and a network of their own on the machine's Docker engine. Removes all that it made.</summary>
internal sealed class Site : IAsyncDisposable
{
    public const string Region = "us-east-1";
    public const string Cluster = "bench";
    private const string Base = "longspan-test/busybox:1";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bench-tasks");
    private readonly HttpClient _http = new();

    public DockerClient Engine { get; } = new DockerClientBuilder().WithEndpoint(new Uri("unix:///var/run/docker.sock")).Build();
    public string Name { get; } = $"lsb{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
    public string Data => Path.Combine(_folder.FullName, "data");
    public OwnProcess Server { get; private set; } = null!;
    public OwnProcess Node { get; private set; } = null!;
    public AwsClient Client { get; private set; } = null!;
    /// <summary>In the server's own registry, by tag and by digest.</summary>
    public string Tagged { get; private set; } = "";
    public string Digested { get; private set; } = "";

    public static async Task<Site> StartAsync()
    {
        var site = new Site();
        await site.Engine.Networks.CreateNetworkAsync(new NetworksCreateParameters { Name = site.Name, Driver = "bridge" });
        var (server, line, _) = await OwnProcess.StartAsync("Longspan is ready on ", "server", "--data", site.Data, "--port", "0");
        site.Server = server;
        var endpoint = new Uri(line.Split(' ')[4]);
        var credentials = Path.Combine(site.Data, "credentials");
        var values = File.ReadLines(credentials).Select(text => text.Split('=', 2)).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0].Trim(), pair => pair[1].Trim());
        var keys = new AwsCredentials(values["aws_access_key_id"], values["aws_secret_access_key"]);
        site.Client = new AwsClient(site._http, endpoint, Region, _ => new(keys), TimeProvider.System);
        await site.Client.CallAsync(EcsOperations.CreateCluster, new() { ClusterName = Cluster }, default);
        await site.PushAsync($"127.0.0.1:{endpoint.Port}");
        (site.Node, _, _) = await OwnProcess.StartAsync(
            "", "node", "--name", site.Name, "--endpoint", endpoint.ToString(), "--region", Region, "--cluster", Cluster, "--credentials", credentials,
            "--state", Path.Combine(site._folder.FullName, "node"), "--network", site.Name, "--publish-address", "127.0.0.1", "--attribute", "longspan.capacity=fargate");
        await site.ConnectedAsync();
        return site;
    }

    private async Task PushAsync(string registry)
    {
        await Client.CallAsync(EcrOperations.CreateRepository, new() { RepositoryName = "bench/busybox" }, default);
        var token = (await Client.CallAsync(EcrOperations.GetAuthorizationToken, new(), default)).AuthorizationData![0].AuthorizationToken!;
        Tagged = $"{registry}/bench/busybox:1";
        Run("skopeo", "copy", "--dest-tls-verify=false", "--dest-creds", Encoding.UTF8.GetString(Convert.FromBase64String(token)), $"docker-daemon:{Base}", $"docker://{Tagged}");
        var image = (await Client.CallAsync(EcrOperations.DescribeImages, new() { RepositoryName = "bench/busybox" }, default)).ImageDetails!.Single();
        Digested = $"{registry}/bench/busybox@{image.ImageDigest}";
    }

    private async Task ConnectedAsync()
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var listed = (await Client.CallAsync(EcsOperations.ListContainerInstances, new() { Cluster = Cluster }, default)).ContainerInstanceArns!;
            if (listed.Count > 0 && (await Client.CallAsync(
                EcsOperations.DescribeContainerInstances, new() { Cluster = Cluster, ContainerInstances = listed }, default)).ContainerInstances!.All(one => one.AgentConnected == true))
            {
                return;
            }
            if (watch.Elapsed > Deadline)
            {
                throw new TimeoutException("The node did not connect.");
            }
            await Task.Delay(50);
        }
    }

    public static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} failed: {errors}{output.Result}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        Node?.Dispose();
        var filter = new Dictionary<string, IDictionary<string, bool>> { ["label"] = new Dictionary<string, bool> { [$"longspan.node={Name}"] = true } };
        foreach (var container in await Engine.Containers.ListContainersAsync(new ContainersListParameters { All = true, Filters = filter }))
        {
            await Engine.Containers.RemoveContainerAsync(container.ID, new ContainerRemoveParameters { Force = true, RemoveVolumes = true });
        }
        await Engine.Networks.DeleteNetworkAsync(Name);
        foreach (var image in new[] { Tagged, Digested }.Where(image => image.Length > 0))
        {
            try
            {
                await Engine.Images.DeleteImageAsync(image, new ImageDeleteParameters { Force = true });
            }
            catch (DockerApiException)
            {
                // Never pulled, or gone with the other name.
            }
        }
        Server?.Dispose();
        Engine.Dispose();
        _http.Dispose();
        _folder.Delete(recursive: true);
    }
}
