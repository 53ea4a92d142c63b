using System.Net.Http;
using Longspan.Api.Ecs;
using Longspan.Api.Shapes;
using Longspan.Wire.Client;
using Longspan.Wire.Signing;

namespace Longspan.Fleet;

/// <summary>What all simulated nodes share: keys, connections, and the counters that tell how far the fleet is.</summary>
internal sealed class FleetWorld : IDisposable
{
    public const string Region = "us-east-1";
    public const string Cluster = "fleet";
    /// <summary>Reports and registrations under way at a time; a real node allows itself ten.</summary>
    private const int MaximumCalls = 48;
    private const int MaximumDials = 64;
    private readonly SocketsHttpHandler _calls = new() { MaxConnectionsPerServer = MaximumCalls, PooledConnectionIdleTimeout = TimeSpan.FromMinutes(5) };
    private readonly SocketsHttpHandler _dials = new() { UseCookies = false, UseProxy = false };
    private readonly SemaphoreSlim _calling = new(MaximumCalls);
    private readonly HttpClient _http;
    private readonly HttpClient _asking;
    private readonly AwsClient _reporting;

    public FleetWorld(Uri endpoint, AwsCredentials keys, FleetSettings settings, CancellationToken stop)
    {
        (Endpoint, Keys, Settings, Stop) = (endpoint, keys, settings, stop);
        _http = new HttpClient(_calls, disposeHandler: false) { Timeout = TimeSpan.FromSeconds(60) };
        _asking = new HttpClient { Timeout = TimeSpan.FromSeconds(60) };
        Client = new AwsClient(_asking, endpoint, Region, _ => new(keys), TimeProvider.System);
        _reporting = new AwsClient(_http, endpoint, Region, _ => new(keys), TimeProvider.System);
        Dialer = new HttpMessageInvoker(_dials, disposeHandler: false);
    }

    public Uri Endpoint { get; }
    public AwsCredentials Keys { get; }
    public FleetSettings Settings { get; }
    public CancellationToken Stop { get; }
    /// <summary>For whoever watches the fleet: its calls do not wait in line behind the nodes' own.</summary>
    public AwsClient Client { get; }
    public HttpMessageInvoker Dialer { get; }
    /// <summary>New connections wait in line here and not in the kernel's queue, whose overflow costs a second each.</summary>
    public SemaphoreSlim Dialing { get; } = new(MaximumDials);

    // Written by all nodes.
    public int Connected;
    public int Reconciled;
    public int Telemetry;
    public int Running;
    public long Reports;
    public long Payloads;
    public long Retries;
    public long Stopped;

    /// <summary>One call of a node, repeated until the server has taken it.</summary>
    public async Task<TResponse> CallAsync<TRequest, TResponse>(Operation<TRequest, TResponse> operation, TRequest request, CancellationToken stop)
        where TRequest : Shape, new()
        where TResponse : Shape, new()
    {
        for (var pause = TimeSpan.FromMilliseconds(200); ; pause = pause < TimeSpan.FromSeconds(3) ? pause * 2 : pause)
        {
            await _calling.WaitAsync(stop);
            try
            {
                return await _reporting.CallAsync(operation, request, stop);
            }
            catch (Exception e) when (!stop.IsCancellationRequested && e is HttpRequestException or IOException or OperationCanceledException
                or InvalidDataException or AwsError { IsServerFault: true })
            {
                Interlocked.Increment(ref Retries);
            }
            finally
            {
                _calling.Release();
            }
            await Task.Delay(pause, stop);
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _asking.Dispose();
        Dialer.Dispose();
        _calls.Dispose();
        _dials.Dispose();
        _calling.Dispose();
        Dialing.Dispose();
    }
}
