using System.Net;
using Longspan.Server;
using Longspan.Wire.Client;
using Longspan.Wire.Signing;
using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>A server of this process on a folder and a port of its own; what tests of foreign clients talk to.</summary>
public sealed class LiveServer : IAsyncLifetime, IDisposable
{
    public const string Region = "us-east-1";
    public const string Account = "123456789012";

    private readonly string _folder = Directory.CreateTempSubdirectory("clients").FullName;
    private readonly HttpClient _http = new();
    private LongspanServer? _server;

    internal bool AcceptAnyCredentials { get; init; }
    internal Uri Endpoint => _server!.Endpoint;
    internal string CredentialsFile => _server!.CredentialsFile;
    internal string Registry => $"127.0.0.1:{Endpoint.Port}";
    internal AwsCredentials Keys { get; private set; } = null!;
    internal AwsClient Client { get; private set; } = null!;
    /// <summary>Unsigned calls.</summary>
    internal HttpClient Http => _http;

    public async Task InitializeAsync()
    {
        _server = await LongspanServer.StartAsync(
            new ServerSettings { DataFolder = _folder, Port = 0, Bind = [IPAddress.Loopback], AcceptAnyCredentials = AcceptAnyCredentials }, CancellationToken.None);
        Keys = ReadKeys(CredentialsFile);
        Client = ClientWith(Keys);
    }

    internal AwsClient ClientWith(AwsCredentials keys) => new(_http, Endpoint, Region, _ => new(keys), TimeProvider.System);

    internal static AwsCredentials ReadKeys(string credentialsFile)
    {
        var values = File.ReadLines(credentialsFile).Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0].Trim(), pair => pair[1].Trim(), StringComparer.Ordinal);
        return new AwsCredentials(values["aws_access_key_id"], values["aws_secret_access_key"]);
    }

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
        Directory.Delete(_folder, recursive: true);
    }

    public void Dispose() => _http.Dispose();
}
