using Longspan.Api.Shapes;
using Longspan.Wire.Client;
using Longspan.Wire.Signing;

namespace Longspan.Cli.Connection;

/// <summary>A server that a command administers: where it is, with which keys, and by which certificate it is known.</summary>
/// <param name="keys">The keys of the file, or of the environment.</param>
/// <param name="dataFolder">The server's data folder, where the command has it.</param>
internal sealed class ServerAccess(Uri endpoint, string region, ConnectionKeys keys, string? dataFolder, ServerTrust trust) : IDisposable
{
    private const string AuthorityPath = "/_longspan/ca.pem";
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http = new(trust.Guard(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false })) { Timeout = CallLimit };

    public Uri Endpoint { get; } = endpoint;
    public string Region { get; } = region;
    public string? DataFolder { get; } = dataFolder;
    public AwsCredentials Keys { get; } = keys.Credentials;

    public Task<TResponse> CallAsync<TRequest, TResponse>(
        Operation<TRequest, TResponse> operation, TRequest request, CancellationToken stop, AwsCredentials? other = null)
        where TRequest : Shape, new()
        where TResponse : Shape, new() =>
        new AwsClient(_http, Endpoint, Region, _ => new(other ?? Keys), TimeProvider.System).CallAsync(operation, request, stop);

    /// <summary>
    /// The key that nodes can pin: that of the authority which the server publishes. Asked over a connection that was checked, so it may be believed.
    /// Null when the server has none of its own, or does not speak TLS.
    /// </summary>
    public async Task<PublicKeyPin?> PinAsync(CancellationToken stop)
    {
        if (Endpoint.Scheme != "https")
        {
            return null;
        }
        using var answer = await _http.GetAsync(new Uri(Endpoint, AuthorityPath), stop);
        return answer.IsSuccessStatusCode ? PublicKeyPin.Of(ServerTrust.Parse(await answer.Content.ReadAsStringAsync(stop), Endpoint.ToString())[0]) : null;
    }

    public void Dispose() => _http.Dispose();
}
