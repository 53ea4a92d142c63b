using System.Net.Http.Headers;
using System.Text;
using Longspan.Server;
using Longspan.Wire.Signing;
using Xunit;

namespace Longspan.Core.Tests.Sqs;

/// <summary>A running server that is spoken to in bytes, for what an SDK hides: forms, paths, headers and statuses.</summary>
public sealed class SqsServer : IAsyncLifetime, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("longspan-sqs-wire-");
    private readonly HttpClient _http = new();
    private LongspanServer _server = null!;
    private AwsCredentials _keys = null!;

    public sealed record Answer(int Status, string Body, string? QueryError);

    internal Uri Endpoint => _server.Endpoint;

    public async Task InitializeAsync()
    {
        _server = await LongspanServer.StartAsync(new ServerSettings { DataFolder = _folder.FullName, Port = 0 }, default);
        var profile = File.ReadLines(_server.CredentialsFile).Select(l => l.Split('=', 2)).Where(p => p.Length == 2)
            .ToDictionary(p => p[0].Trim(), p => p[1].Trim());
        _keys = new AwsCredentials(profile["aws_access_key_id"], profile["aws_secret_access_key"]);
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    public void Dispose() => _http.Dispose();

    public Task<Answer> JsonAsync(string operation, string body, string path = "/", CancellationToken stop = default) =>
        SendAsync(HttpMethod.Post, path, body, "application/x-amz-json-1.0", $"AmazonSQS.{operation}", stop);

    public Task<Answer> FormAsync(string form, string path = "/") =>
        SendAsync(HttpMethod.Post, path, form, "application/x-www-form-urlencoded; charset=utf-8", null, default);

    public Task<Answer> GetAsync(string pathAndQuery) => SendAsync(HttpMethod.Get, pathAndQuery, null, null, null, default);

    private async Task<Answer> SendAsync(HttpMethod method, string path, string? text, string? type, string? target, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(method, new Uri(_server.Endpoint, path));
        var body = Encoding.UTF8.GetBytes(text ?? "");
        if (type is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        }
        if (target is not null)
        {
            request.Headers.Add("X-Amz-Target", target);
        }
        SigV4Signer.Sign(request, body, _keys, "us-east-1", "sqs", TimeProvider.System.GetUtcNow());
        using var answer = await _http.SendAsync(request, stop);
        var error = answer.Headers.TryGetValues("x-amzn-query-error", out var values) ? values.Single() : null;
        return new Answer((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(stop), error);
    }
}
