using Longspan.Api.Logs;
using Longspan.Api.Shapes;
using Longspan.Core.Tests.Store;
using Longspan.Kernel;
using Longspan.Services.Logs;
using Longspan.Store;
using Longspan.Support;
using Xunit;

namespace Longspan.Core.Tests.Logs;

/// <summary>The logs service on a fresh data folder, called as the server calls it.</summary>
internal sealed class LogsCloud : IAsyncDisposable
{
    public const string Account = "123456789012";
    public const string Region = "eu-north-1";
    public const string Scope = $"{Account}/{Region}";
    private static readonly Uri s_endpoint = new("http://127.0.0.1:4566");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("longspan-logs-");

    private LogsCloud()
    {
    }

    public ManualClock Clock { get; } = new();

    /// <summary>Runs once, when an operation next asks for the time: what another caller does in the middle of it.</summary>
    public Func<Task>? Meanwhile { get; set; }

    public StoreFolder Store { get; private set; } = null!;
    public Cloud Cloud { get; private set; } = null!;
    public LogsModule Module { get; private set; } = null!;

    public long NowMs => Clock.GetUtcNow().ToUnixTimeMilliseconds();

    public static async Task<LogsCloud> StartAsync()
    {
        var cloud = new LogsCloud();
        await cloud.OpenAsync();
        return cloud;
    }

    /// <summary>As a restart of the server.</summary>
    public async Task ReopenAsync()
    {
        await Store.DisposeAsync();
        await OpenAsync();
    }

    public async Task<TResponse> CallAsync<TRequest, TResponse>(
        Operation<TRequest, TResponse> operation, TRequest request, string? batch = null, string region = Region)
        where TRequest : Shape, new()
        where TResponse : Shape, new()
    {
        var call = new CallContext(Cloud, Caller.Platform(Account), region, "request", s_endpoint) { ProducerBatch = batch };
        return (TResponse)await Cloud.DispatchAsync(call, operation, request, default);
    }

    /// <summary>The refusal, with the code that clients match on.</summary>
    public async Task<TError> RefusedAsync<TError, TRequest, TResponse>(Operation<TRequest, TResponse> operation, TRequest request, string? batch = null)
        where TError : AwsError
        where TRequest : Shape, new()
        where TResponse : Shape, new() =>
        await Assert.ThrowsAsync<TError>(() => CallAsync(operation, request, batch));

    public Task GroupAsync(string name, Dictionary<string, string>? tags = null) =>
        CallAsync(LogsOperations.CreateLogGroup, new CreateLogGroupRequest { LogGroupName = name, Tags = tags });

    public Task StreamAsync(string group, string name) =>
        CallAsync(LogsOperations.CreateLogStream, new CreateLogStreamRequest { LogGroupName = group, LogStreamName = name });

    public Task<PutLogEventsResponse> PutAsync(string group, string stream, params (long At, string Message)[] events) =>
        PutAsync(group, stream, null, events);

    public Task<PutLogEventsResponse> PutAsync(string group, string stream, string? batch, params (long At, string Message)[] events) =>
        CallAsync(LogsOperations.PutLogEvents, Batch(group, stream, events), batch);

    public static PutLogEventsRequest Batch(string group, string stream, params (long At, string Message)[] events) => new()
    {
        LogGroupName = group,
        LogStreamName = stream,
        LogEvents = [.. events.Select(one => new InputLogEvent { Timestamp = one.At, Message = one.Message })],
    };

    public Task<GetLogEventsResponse> GetAsync(string group, string stream, Action<GetLogEventsRequest>? with = null)
    {
        var request = new GetLogEventsRequest { LogGroupName = group, LogStreamName = stream };
        with?.Invoke(request);
        return CallAsync(LogsOperations.GetLogEvents, request);
    }

    public async Task<string[]> MessagesAsync(string group, string stream) =>
        [.. (await GetAsync(group, stream, request => request.StartFromHead = true)).Events!.Select(one => one.Message!)];

    public Task<FilterLogEventsResponse> FilterAsync(string group, Action<FilterLogEventsRequest>? with = null)
    {
        var request = new FilterLogEventsRequest { LogGroupName = group };
        with?.Invoke(request);
        return CallAsync(LogsOperations.FilterLogEvents, request);
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private async Task OpenAsync()
    {
        Store = await StoreFolder.OpenAsync(_folder.FullName, Clock);
        Cloud = new Cloud(Store.Documents, new InterruptingClock(this), new CloudSettings(Account, s_endpoint, _folder.FullName));
        Module = new LogsModule(Cloud, Store.Records);
        Cloud.Add(Module);
    }

    private sealed class InterruptingClock(LogsCloud logs) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow()
        {
            var meanwhile = logs.Meanwhile;
            logs.Meanwhile = null;
            meanwhile?.Invoke().Wait();
            return logs.Clock.GetUtcNow();
        }
    }
}
