using System.Collections.Concurrent;
using Longspan.AgentLink;
using Longspan.Api.Logs;
using Longspan.Api.Shapes;
using Longspan.Node.Control;
using Longspan.Node.Engines;
using Longspan.Node.State;
using Longspan.Node.Tasks;
using Longspan.Wire.Client;
using Longspan.Wire.Signing;
using Microsoft.Extensions.Logging;

namespace Longspan.Node.Logs;

/// <summary>
/// Delivers the output of containers with the <c>awslogs</c> driver. Output is on this node's disk from the moment it is read until the
/// server has stored it: a cut of the link, a restart of the node or of the server lose nothing and double nothing. Only a full spool
/// loses, and says so in the stream itself and in <see cref="Lost"/>.
/// </summary>
internal sealed class LogDelivery : OutputSink, IAsyncDisposable
{
    private const int MaxSending = 4;
    private const int MaximumTold = 1000;
    /// <summary>In a stream's folder while the task's execution role may not deliver it.</summary>
    private const string RefusedFile = "refused";
    private readonly StateFolder _state;
    private readonly string _folder;
    private readonly ContainerEngine _engine;
    private readonly NodeSettings _settings;
    private readonly CredentialSource _keys;
    private readonly CredentialStore _credentials;
    private readonly HttpMessageHandler _handler;
    private readonly SpoolBudget _budget;
    private readonly ILogger _log;
    private readonly CancellationToken _stop;
    private readonly SemaphoreSlim _slots = new(MaxSending);
    private readonly ConcurrentDictionary<string, LogStream> _streams = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _told = new(StringComparer.Ordinal);
    private long _lostBefore;

    public LogDelivery(
        StateFolder state, ContainerEngine engine, NodeSettings settings, CredentialSource keys, CredentialStore credentials,
        HttpMessageHandler handler, ILogger log, CancellationToken stop)
    {
        _state = state;
        _folder = state.Folder("logs");
        _engine = engine;
        _settings = settings;
        _keys = keys;
        _credentials = credentials;
        _handler = handler;
        _log = log;
        _stop = stop;
        _budget = new SpoolBudget(settings.LogSpoolBytes);
        foreach (var folder in Directory.EnumerateDirectories(_folder))
        {
            if (StateFolder.Read(Path.Combine(folder, LogTarget.FileName), LogJson.Default.LogTarget) is { } target)
            {
                Add(folder, target).Follow();
            }
        }
    }

    public long Lost => Interlocked.Read(ref _lostBefore) + _streams.Values.Sum(s => s.Lost);

    public long SpooledBytes => _budget.Used;

    public override void Follow(SavedTask task, SavedContainer container)
    {
        if (!_streams.TryGetValue(container.MetadataId, out var stream))
        {
            if (LogTarget.From(task, container) is not { } target)
            {
                return;
            }
            var folder = Path.Combine(_folder, container.MetadataId);
            Directory.CreateDirectory(folder);
            StateFolder.Write(Path.Combine(folder, LogTarget.FileName), target, LogJson.Default.LogTarget);
            stream = Add(folder, target);
        }
        stream.Follow();
    }

    public override async Task DrainAsync(SavedTask task, CancellationToken stop)
    {
        foreach (var container in task.Containers)
        {
            if (_streams.TryGetValue(container.MetadataId, out var stream))
            {
                await stream.DrainAsync(stop);
            }
        }
    }

    public void Reunite()
    {
        foreach (var stream in _streams.Values)
        {
            stream.Reunite();
        }
    }

    private LogStream Add(string folder, LogTarget target)
    {
        // A client for each stream: the batch's number travels in a header, and a stream sends one batch at a time.
        var http = new HttpClient(_handler, disposeHandler: false) { Timeout = TimeSpan.FromSeconds(20) };
        var stream = new LogStream(
            folder, target, _engine, (to, sequence, events, stop) => SendAsync(http, to, sequence, events, stop), _budget, _settings, _log, _stop)
        {
            Finished = done =>
            {
                Interlocked.Add(ref _lostBefore, done.Lost);
                _streams.TryRemove(done.Target.Producer, out _);
            },
        };
        _streams[target.Producer] = stream;
        return stream;
    }

    private async Task<Delivery> SendAsync(
        HttpClient http, LogTarget target, long sequence, IReadOnlyList<(DateTimeOffset At, string Text)> events, CancellationToken stop)
    {
        var role = _credentials.Get(target.CredentialsId);
        if (role is null && target.CredentialsId is not null && WithoutRole(target, events.Count) is { } outcome)
        {
            return outcome;
        }
        await _slots.WaitAsync(stop);
        try
        {
            http.DefaultRequestHeaders.Remove("x-longspan-log-batch");
            http.DefaultRequestHeaders.Add("x-longspan-log-batch", $"{target.Producer}/{sequence}");
            var client = new AwsClient(http, _settings.Endpoint, _settings.Region, s => SignerAsync(role, s), _settings.Time);
            try
            {
                await PutAsync(client, target, events, stop);
            }
            catch (AwsError e) when (e.Code == "ResourceNotFoundException")
            {
                await CreateAsync(client, target, stop);
                await PutAsync(client, target, events, stop);
            }
            if (role is not null)
            {
                File.Delete(RefusalOf(target));
            }
            return Delivery.Taken;
        }
        catch (AwsError e) when (e.Code is "DataAlreadyAcceptedException")
        {
            return Delivery.Taken;
        }
        catch (AwsError e) when (e.Code is "InvalidParameterException")
        {
            _log.LogWarning("The log service refused {Count} events of {Stream}: {Message}", events.Count, target.Stream, e.Message);
            return Delivery.Refused;
        }
        catch (Exception e) when (!stop.IsCancellationRequested && (e is AwsError || ControlPlane.IsTransient(e)))
        {
            if (role is not null && e is AwsError { Code: "AccessDeniedException" })
            {
                File.WriteAllBytes(RefusalOf(target), []);
            }
            if (e is AwsError { IsServerFault: false } error && IsNews($"{target.Group} {error.Code}"))
            {
                _log.LogWarning("Logs for {Group} wait on this node: {Message}", target.Group, e.Message);
            }
            return Delivery.Later;
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <summary>
    /// Output that is the execution role's to deliver, while the role's keys are not here. They come with the link, for as long as the node has the task.
    /// What a forgotten task leaves behind the node delivers as itself (null), but not what the role was refused.
    /// </summary>
    private Delivery? WithoutRole(LogTarget target, int events)
    {
        if (TaskEngine.Has(_state, target.TaskArn[(target.TaskArn.LastIndexOf('/') + 1)..]))
        {
            return Delivery.Later;
        }
        if (!File.Exists(RefusalOf(target)))
        {
            return null;
        }
        _log.LogWarning("{Count} events of {Stream} are dropped: the task's execution role was not allowed to deliver them", events, target.Stream);
        return Delivery.Refused;
    }

    private string RefusalOf(LogTarget target) => Path.Combine(_folder, target.Producer, RefusedFile);

    private bool IsNews(string what)
    {
        if (_told.Count >= MaximumTold)
        {
            _told.Clear();
        }
        return _told.TryAdd(what, true);
    }

    private ValueTask<AwsCredentials> SignerAsync(IAMRoleCredentials? role, CancellationToken stop) =>
        role is not null
            ? ValueTask.FromResult(new AwsCredentials(role.AccessKeyId!, role.SecretAccessKey!, role.SessionToken))
            : _keys(stop);

    private static Task PutAsync(
        AwsClient client, LogTarget target, IReadOnlyList<(DateTimeOffset At, string Text)> events, CancellationToken stop) => client.CallAsync(
        LogsOperations.PutLogEvents,
        new PutLogEventsRequest
        {
            LogGroupName = target.Group,
            LogStreamName = target.Stream,
            LogEvents = [.. events.Select(e => new InputLogEvent { Timestamp = e.At.ToUnixTimeMilliseconds(), Message = e.Text })],
        },
        stop);

    private static async Task CreateAsync(AwsClient client, LogTarget target, CancellationToken stop)
    {
        if (target.CreateGroup)
        {
            try
            {
                await client.CallAsync(LogsOperations.CreateLogGroup, new CreateLogGroupRequest { LogGroupName = target.Group }, stop);
            }
            catch (AwsError e) when (e.Code == "ResourceAlreadyExistsException")
            {
            }
        }
        try
        {
            await client.CallAsync(
                LogsOperations.CreateLogStream, new CreateLogStreamRequest { LogGroupName = target.Group, LogStreamName = target.Stream }, stop);
        }
        catch (AwsError e) when (e.Code == "ResourceAlreadyExistsException")
        {
        }
    }

    /// <summary>After the stop token was cancelled.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var stream in _streams.Values)
        {
            await stream.DisposeAsync();
        }
        _slots.Dispose();
    }
}
