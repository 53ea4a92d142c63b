using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Longspan.Api.Ecr;
using Longspan.Api.Shapes;
using Longspan.System.Tests.Node;
using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>Needs a Docker engine and both clients; without one of them it is skipped and says which.</summary>
internal sealed class RegistryFactAttribute : FactAttribute
{
    public RegistryFactAttribute() => Skip = DockerForTests.Obstacle.Value ?? Tool.Missing("docker") ?? Tool.Missing("skopeo");
}

/// <summary>The registry with the clients that people have: docker and skopeo, unmodified.</summary>
public sealed class RegistryClientTests(LiveServer server) : IClassFixture<LiveServer>, IAsyncLifetime
{
    private const int BigLayer = 200_000_000;

    private readonly string _own = RandomNumberGenerator.GetHexString(8, lowercase: true);
    private readonly string _folder = Directory.CreateTempSubdirectory("registry-clients").FullName;
    private readonly List<string> _images = [];

    private string Repository => $"shop/{_own}";
    private string DockerConfig => Path.Combine(_folder, "docker");

    public async Task InitializeAsync() => await server.Client.CallAsync(EcrOperations.CreateRepository, new() { RepositoryName = Repository }, CancellationToken.None);

    public async Task DisposeAsync()
    {
        foreach (var image in _images)
        {
            await Tool.RunAsync("docker", ["image", "rm", "--force", image]);
        }
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<string> PasswordAsync()
    {
        var token = (await server.Client.CallAsync(EcrOperations.GetAuthorizationToken, new(), CancellationToken.None)).AuthorizationData![0].AuthorizationToken!;
        return Encoding.UTF8.GetString(Convert.FromBase64String(token))["AWS:".Length..];
    }

    private Task<ToolResult> DockerAsync(params string[] arguments) => Tool.RunAsync("docker", ["--config", DockerConfig, .. arguments]);

    private static Task<ToolResult> SkopeoAsync(params string[] arguments) => Tool.RunAsync("skopeo", arguments);

    private async Task LogInAsync() =>
        (await Tool.RunAsync("docker", ["--config", DockerConfig, "login", "-u", "AWS", "--password-stdin", server.Registry], await PasswordAsync())).Succeeded();

    /// <summary>A small image under a name of this registry, on the engine.</summary>
    private async Task<string> SmallAsync(string tag = "1")
    {
        var image = $"{server.Registry}/{Repository}:{tag}";
        (await DockerAsync("tag", DockerForTests.Image, image)).Succeeded();
        _images.Add(image);
        return image;
    }

    /// <summary>An image directory in skopeo's form with one incompressible layer of this size.</summary>
    private string Big(int bytes)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "big")).FullName;
        var layer = new byte[bytes];
        RandomNumberGenerator.Fill(layer);
        var config = Encoding.UTF8.GetBytes(new JsonObject
        {
            ["architecture"] = "amd64", ["os"] = "linux", ["config"] = new JsonObject(),
            ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray(Digest(layer)) },
        }.ToJsonString());
        var manifest = new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = "application/vnd.oci.image.manifest.v1+json",
            ["config"] = new JsonObject { ["mediaType"] = "application/vnd.oci.image.config.v1+json", ["digest"] = Digest(config), ["size"] = config.Length },
            ["layers"] = new JsonArray(new JsonObject
            {
                ["mediaType"] = "application/vnd.oci.image.layer.v1.tar", ["digest"] = Digest(layer), ["size"] = layer.Length,
            }),
        };
        File.WriteAllText(Path.Combine(folder, "version"), "Directory Transport Version: 1.1\n");
        File.WriteAllText(Path.Combine(folder, "manifest.json"), manifest.ToJsonString());
        File.WriteAllBytes(Path.Combine(folder, Digest(layer)["sha256:".Length..]), layer);
        File.WriteAllBytes(Path.Combine(folder, Digest(config)["sha256:".Length..]), config);
        return folder;
    }

    private static string Digest(byte[] content) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(content))}";

    private async Task<ImageDetail?> ListedAsync(string tag)
    {
        try
        {
            return (await server.Client.CallAsync(EcrOperations.DescribeImages, new() { RepositoryName = Repository, ImageIds = [new() { ImageTag = tag }] }, CancellationToken.None)).ImageDetails!.Single();
        }
        catch (AwsError absent) when (absent.Code == "ImageNotFoundException")
        {
            return null;
        }
    }

    [RegistryFact]
    public async Task Docker_pushes_and_pulls_and_the_API_lists_the_image()
    {
        await LogInAsync();
        var image = await SmallAsync();
        var id = (await DockerAsync("image", "inspect", "--format", "{{.Id}}", image)).Succeeded().Trim();
        var pushed = (await DockerAsync("push", image)).Succeeded();
        var listed = (await ListedAsync("1"))!;
        Assert.Contains(listed.ImageDigest!, pushed, StringComparison.Ordinal);
        Assert.True(listed.ImageSizeInBytes > 100_000);
        Assert.Contains("Layer already exists", (await DockerAsync("push", image)).Succeeded(), StringComparison.Ordinal);

        (await DockerAsync("image", "rm", image)).Succeeded();
        (await DockerAsync("pull", image)).Succeeded();
        Assert.Equal(id, (await DockerAsync("image", "inspect", "--format", "{{.Id}}", image)).Succeeded().Trim());
        var byDigest = $"{server.Registry}/{Repository}@{listed.ImageDigest}";
        _images.Add(byDigest);
        (await DockerAsync("pull", byDigest)).Succeeded();
        Assert.Equal("hello", (await DockerAsync("run", "--rm", "--network", "none", byDigest, "echo", "hello")).Succeeded().Trim());
    }

    [RegistryFact]
    public async Task A_layer_of_200_MB_goes_up_while_others_pull_and_comes_back_the_same()
    {
        var credentials = $"AWS:{await PasswordAsync()}";
        var small = $"docker://{server.Registry}/{Repository}:small";
        (await SkopeoAsync("copy", "--dest-tls-verify=false", "--dest-creds", credentials, $"docker-daemon:{DockerForTests.Image}", small)).Succeeded();
        var source = Big(BigLayer);
        var push = SkopeoAsync("copy", "--dest-tls-verify=false", "--dest-creds", credentials, "--preserve-digests", $"dir:{source}", $"docker://{server.Registry}/{Repository}:big");
        var pulls = 0;
        do
        {
            (await SkopeoAsync("copy", "--src-tls-verify=false", "--src-creds", credentials, small, $"dir:{Path.Combine(_folder, $"small-{pulls}")}")).Succeeded();
            pulls++;
        }
        while (!push.IsCompleted);
        (await push).Succeeded();
        Assert.True((await ListedAsync("big"))!.ImageSizeInBytes >= BigLayer);
        var back = Path.Combine(_folder, "back");
        (await SkopeoAsync("copy", "--src-tls-verify=false", "--src-creds", credentials, $"docker://{server.Registry}/{Repository}:big", $"dir:{back}")).Succeeded();
        foreach (var file in Directory.GetFiles(source).Select(path => Path.GetFileName(path)!).Where(name => name != "version"))
        {
            (await Tool.RunAsync("cmp", [Path.Combine(source, file), Path.Combine(back, file)])).Succeeded();
        }
    }

    [RegistryFact]
    public async Task Docker_pulls_what_skopeo_copied_from_one_repository_to_another()
    {
        await server.Client.CallAsync(EcrOperations.CreateRepository, new() { RepositoryName = $"copies/{_own}" }, CancellationToken.None);
        var credentials = $"AWS:{await PasswordAsync()}";
        var here = $"{server.Registry}/{Repository}:a";
        var there = $"{server.Registry}/copies/{_own}:b";
        (await SkopeoAsync("copy", "--dest-tls-verify=false", "--dest-creds", credentials, $"docker-daemon:{DockerForTests.Image}", $"docker://{here}")).Succeeded();
        (await SkopeoAsync("copy", "--src-tls-verify=false", "--dest-tls-verify=false", "--src-creds", credentials, "--dest-creds", credentials, $"docker://{here}", $"docker://{there}")).Succeeded();
        string[] read = ["--tls-verify=false", "--creds", credentials];
        var inspected = JsonNode.Parse((await SkopeoAsync(["inspect", .. read, $"docker://{there}"])).Succeeded())!;
        Assert.Equal((await ListedAsync("a"))!.ImageDigest, (string?)inspected["Digest"]);
        Assert.Equal(["b"], JsonNode.Parse((await SkopeoAsync(["list-tags", .. read, $"docker://{server.Registry}/copies/{_own}"])).Succeeded())!["Tags"]!.AsArray().Select(tag => (string)tag!));
        await LogInAsync();
        _images.Add(there);
        (await DockerAsync("pull", there)).Succeeded();
    }

    [RegistryFact]
    public async Task Wrong_and_missing_passwords_and_repositories_that_do_not_exist_are_refused()
    {
        var wrong = await Tool.RunAsync("docker", ["--config", DockerConfig, "login", "-u", "AWS", "--password-stdin", server.Registry], "wrong");
        Assert.Contains("401", wrong.Failed(), StringComparison.Ordinal);
        var image = $"docker://{server.Registry}/{Repository}:1";
        (await SkopeoAsync("copy", "--dest-tls-verify=false", "--dest-creds", "AWS:wrong", $"docker-daemon:{DockerForTests.Image}", image)).Failed();
        (await SkopeoAsync("inspect", "--tls-verify=false", "--no-creds", image)).Failed();
        var missing = await SkopeoAsync(
            "copy", "--dest-tls-verify=false", "--dest-creds", $"AWS:{await PasswordAsync()}", $"docker-daemon:{DockerForTests.Image}", $"docker://{server.Registry}/no/{_own}:1");
        Assert.Contains("no/" + _own, missing.Failed(), StringComparison.Ordinal);
        Assert.Null(await ListedAsync("1"));
    }

    [RegistryFact]
    public async Task A_push_that_is_cut_leaves_nothing_visible_and_succeeds_when_it_is_done_again()
    {
        var credentials = $"AWS:{await PasswordAsync()}";
        var source = Big(BigLayer / 10);
        await using (var wire = new CutProxy(server.Endpoint.Port, BigLayer / 20))
        {
            (await SkopeoAsync("copy", "--dest-tls-verify=false", "--dest-creds", credentials, "--preserve-digests", $"dir:{source}", $"docker://{wire.Address}/{Repository}:cut")).Failed();
            Assert.True(wire.IsCut);
        }
        Assert.Null(await ListedAsync("cut"));
        Assert.Empty((await server.Client.CallAsync(EcrOperations.ListImages, new() { RepositoryName = Repository }, CancellationToken.None)).ImageIds!);
        (await SkopeoAsync("copy", "--dest-tls-verify=false", "--dest-creds", credentials, "--preserve-digests", $"dir:{source}", $"docker://{server.Registry}/{Repository}:cut")).Succeeded();
        Assert.True((await ListedAsync("cut"))!.ImageSizeInBytes >= BigLayer / 10);
    }
}
