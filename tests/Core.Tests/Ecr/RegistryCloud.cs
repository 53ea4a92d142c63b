using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Longspan.Api.Ecr;
using Longspan.Api.Shapes;
using Longspan.Core.Tests.Store;
using Longspan.Kernel;
using Longspan.Services.Ecr;
using Longspan.Store;
using Longspan.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Longspan.Core.Tests.Ecr;

/// <summary>ECR and its registry on a fresh data folder, the registry behind a real socket.</summary>
internal sealed class RegistryCloud : IAsyncDisposable
{
    public const string Account = "123456789012";
    public const string Region = "eu-north-1";
    public const string Scope = $"{Account}/{Region}";
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("longspan-ecr-");
    private WebApplication _app = null!;

    public ManualClock Clock { get; } = new();
    public StoreFolder Store { get; private set; } = null!;
    public Cloud Cloud { get; private set; } = null!;
    public EcrModule Module { get; private set; } = null!;
    public Uri Endpoint { get; private set; } = null!;

    /// <summary>Logged in.</summary>
    public HttpClient Http { get; private set; } = null!;

    public string Folder => _folder.FullName;

    public static async Task<RegistryCloud> StartAsync()
    {
        var cloud = new RegistryCloud();
        await cloud.OpenAsync();
        return cloud;
    }

    /// <summary>As a restart of the server.</summary>
    public async Task ReopenAsync()
    {
        await CloseAsync();
        await OpenAsync();
    }

    public async Task<TResponse> CallAsync<TRequest, TResponse>(Operation<TRequest, TResponse> operation, TRequest request)
        where TRequest : Shape, new()
        where TResponse : Shape, new()
    {
        var call = new CallContext(Cloud, Caller.Platform(Account), Region, "request", Endpoint);
        return (TResponse)await Cloud.DispatchAsync(call, operation, request, default);
    }

    public Task RepositoryAsync(string name, string? mutability = null) =>
        CallAsync(EcrOperations.CreateRepository, new CreateRepositoryRequest { RepositoryName = name, ImageTagMutability = mutability });

    /// <summary>What <c>docker login</c> would send.</summary>
    public async Task<AuthenticationHeaderValue> LoginAsync()
    {
        var token = await CallAsync(EcrOperations.GetAuthorizationToken, new GetAuthorizationTokenRequest());
        return new AuthenticationHeaderValue("Basic", Assert.Single(token.AuthorizationData!).AuthorizationToken);
    }

    public static string DigestOf(ReadOnlySpan<byte> bytes) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(bytes))}";

    public static byte[] Bytes(int length) => RandomNumberGenerator.GetBytes(length);

    /// <summary>The path of a new upload.</summary>
    public async Task<string> BeginAsync(string repository)
    {
        var begun = await Http.PostAsync($"/v2/{repository}/blobs/uploads/", null);
        Assert.Equal(HttpStatusCode.Accepted, begun.StatusCode);
        return begun.Headers.Location!.OriginalString;
    }

    public Task<HttpResponseMessage> PatchAsync(string upload, ReadOnlyMemory<byte> chunk, long? from = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Patch, upload) { Content = new ReadOnlyMemoryContent(chunk) };
        if (from is { } start)
        {
            // The specification's form of the header is not HTTP's.
            request.Content.Headers.TryAddWithoutValidation("Content-Range", $"{start}-{start + chunk.Length - 1}");
        }
        return Http.SendAsync(request);
    }

    public Task<HttpResponseMessage> FinishAsync(string upload, string digest, byte[]? last = null) =>
        Http.PutAsync($"{upload}?digest={digest}", last is null ? null : new ByteArrayContent(last));

    /// <summary>Pushes a whole blob in one request.</summary>
    public Task<HttpResponseMessage> PushBlobAsync(string repository, byte[] content, string? digest = null) =>
        Http.PostAsync($"/v2/{repository}/blobs/uploads/?digest={digest ?? DigestOf(content)}", new ByteArrayContent(content));

    public async Task<string> BlobAsync(string repository, byte[] content)
    {
        Assert.Equal(HttpStatusCode.Created, (await PushBlobAsync(repository, content)).StatusCode);
        return DigestOf(content);
    }

    public Task<HttpResponseMessage> PutManifestAsync(string repository, string reference, byte[] manifest, string type = TestManifests.Oci)
    {
        var content = new ByteArrayContent(manifest);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return Http.PutAsync($"/v2/{repository}/manifests/{reference}", content);
    }

    /// <summary>An image with blobs of its own. Answers its manifest.</summary>
    public async Task<byte[]> ImageAsync(string repository, string tag)
    {
        var manifest = TestManifests.Image(await BlobAsync(repository, Bytes(16)), await BlobAsync(repository, Bytes(32)));
        Assert.Equal(HttpStatusCode.Created, (await PutManifestAsync(repository, tag, manifest)).StatusCode);
        return manifest;
    }

    public async Task<bool> HasBlobAsync(string repository, string digest) =>
        (await Http.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"/v2/{repository}/blobs/{digest}"))).StatusCode == HttpStatusCode.OK;

    /// <summary>A request as no client library would send it, asking for the connection to be closed. Answers the response.</summary>
    public async Task<string> RawAsync(string method, string path)
    {
        using var connection = await SendAsync(method, path, "Content-Length: 0\r\nConnection: close\r\n", []);
        using var limit = new CancellationTokenSource(Deadline);
        using var answer = new MemoryStream();
        await connection.GetStream().CopyToAsync(answer, limit.Token);
        return Encoding.Latin1.GetString(answer.ToArray());
    }

    /// <summary>A request that announces the whole content but brings a part of it only. Disposing the connection cuts it.</summary>
    public Task<TcpClient> SendPartAsync(string method, string path, byte[] content, int sent) =>
        SendAsync(method, path, $"Content-Length: {content.Length}\r\n", content[..sent]);

    private async Task<TcpClient> SendAsync(string method, string path, string headers, byte[] body)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Endpoint.Port);
        var head = $"{method} {path} HTTP/1.1\r\nHost: {Endpoint.Authority}\r\nAuthorization: {Http.DefaultRequestHeaders.Authorization}\r\n{headers}\r\n";
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(head));
        await client.GetStream().WriteAsync(body);
        return client;
    }

    /// <summary>Waits for a state that comes by itself.</summary>
    public static async Task UntilAsync(string state, Func<Task<bool>> reached)
    {
        using var limit = new CancellationTokenSource(Deadline);
        while (!await reached())
        {
            Assert.False(limit.IsCancellationRequested, $"Never came: {state}.");
            await Task.Delay(TimeSpan.FromMilliseconds(5));
        }
    }

    /// <summary>Content files of the blob store, and files of uploads.</summary>
    public (int Contents, int Uploads) Files()
    {
        var blobs = Path.Combine(Folder, "blobs");
        return (
            Directory.GetFiles(Path.Combine(blobs, "sha256"), "*", SearchOption.AllDirectories).Length,
            Directory.GetFiles(Path.Combine(blobs, "uploads")).Length);
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _folder.Delete(recursive: true);
    }

    private async Task OpenAsync()
    {
        Store = await StoreFolder.OpenAsync(_folder.FullName, Clock);
        Cloud = new Cloud(Store.Documents, Clock, new CloudSettings(Account, new Uri("http://127.0.0.1:4566"), _folder.FullName));
        Module = new EcrModule(Cloud, Store.Blobs, Store.Sealer);
        Cloud.Add(Module);
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1));
        _app = builder.Build();
        Module.MapEndpoints(_app, (_, _, _) => throw new InvalidOperationException("The registry has its own authentication."));
        await _app.StartAsync();
        Endpoint = new Uri(_app.Urls.Single());
        Http = new HttpClient { BaseAddress = Endpoint, Timeout = Deadline };
        Http.DefaultRequestHeaders.Authorization = await LoginAsync();
    }

    private async Task CloseAsync()
    {
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        await Store.DisposeAsync();
    }
}
