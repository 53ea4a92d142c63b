using Longspan.Api.Shapes;
using Longspan.Wire.Client;

namespace Longspan.Cli.Connection;

/// <summary>The server that a command talks to, through its public API and the extensions beside it.</summary>
/// <param name="source">Where the endpoint was found.</param>
internal sealed class ServerConnection(Uri endpoint, string source, ConnectionKeys keys, string region, ServerTrust trust) : IDisposable
{
    /// <summary>Calls at the same time when many things are looked at.</summary>
    public const int Concurrency = 16;
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http = new(trust.Guard(new SocketsHttpHandler { MaxConnectionsPerServer = Concurrency, UseProxy = false, AllowAutoRedirect = false }))
    {
        Timeout = CallLimit,
    };

    private AwsClient? _client;

    public Uri Endpoint { get; } = endpoint;
    public string Source { get; } = source;
    public ConnectionKeys Keys { get; } = keys;
    public string Region { get; } = region;
    private AwsClient Client => _client ??= new AwsClient(_http, Endpoint, Region, _ => new(Keys.Credentials), TimeProvider.System);

    public Task<TResponse> CallAsync<TRequest, TResponse>(Operation<TRequest, TResponse> operation, TRequest request, CancellationToken stop)
        where TRequest : Shape, new()
        where TResponse : Shape, new() => Client.CallAsync(operation, request, stop);

    public void Dispose() => _http.Dispose();
}
