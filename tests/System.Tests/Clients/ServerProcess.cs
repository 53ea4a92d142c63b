using Longspan.Wire.Client;
using Longspan.Wire.Signing;

namespace Longspan.System.Tests.Clients;

/// <summary>A data folder, and the server process that serves it at the moment, always on the same port.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("server-process").FullName;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };

    public string Data => Path.Combine(_folder, "data");
    public string CredentialsFile => Path.Combine(Data, "credentials");
    public int Port { get; private set; }
    public Uri Endpoint => new($"http://127.0.0.1:{Port}");
    public OwnProcess Process { get; private set; } = null!;
    public AwsCredentials Keys => LiveServer.ReadKeys(CredentialsFile);
    public AwsClient Client => new(_http, Endpoint, LiveServer.Region, _ => new(Keys), TimeProvider.System);

    public static async Task<ServerProcess> StartAsync()
    {
        var server = new ServerProcess();
        await server.StartAgainAsync();
        return server;
    }

    public async Task StartAgainAsync(params string[] options)
    {
        Process = OwnProcess.Start(["server", "--data", Data, "--port", $"{Port}", .. options]);
        var line = await Process.SaysAsync("Longspan is ready on ");
        Port = new Uri(line.Split(' ')[4]).Port;
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
