using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Longspan.AgentLink;
using Longspan.Core.Tests.Ecs;
using Longspan.Node;
using Longspan.Node.Engines.Fake;
using Longspan.Node.Logs;
using Longspan.Node.State;
using Longspan.Node.Tasks;
using Longspan.Wire.Signing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Longspan.Core.Tests.Node;

/// <summary>Container output on its way to a log service that drops batches it has seen, as ours does.</summary>
public sealed class LogDeliveryTests : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private readonly string _folder = Directory.CreateTempSubdirectory("node-logs").FullName;
    private readonly FakeEngine _engine = new("n1", TimeProvider.System);
    private readonly ConcurrentQueue<string> _stored = new();
    private readonly ConcurrentDictionary<string, bool> _seen = new();
    private readonly HashSet<string> _streams = [];
    private readonly SocketsHttpHandler _handler = new();
    private CancellationTokenSource _stop = new();
    private FakePlane _plane = null!;
    private StateFolder _state = null!;
    private LogDelivery _logs = null!;
    private CredentialStore _credentials = null!;
    private string _container = "";
    private bool _losesAnswers;
    private bool _refuses;
    private readonly ConcurrentQueue<string> _signers = new();

    private readonly SavedTask _task = new()
    {
        Task = TaskBench.Task("a", new AgentContainer
        {
            Name = "main", Image = "app",
            DockerConfig = new AgentDockerConfig
            {
                HostConfig = new DockerHostConfig
                {
                    LogConfig = new DockerLogConfig
                    {
                        Type = "awslogs",
                        Config = new Dictionary<string, string> { ["awslogs-group"] = "g", ["awslogs-stream-prefix"] = "p", ["awslogs-create-group"] = "true" },
                    },
                }.ToJsonText(),
            },
        }),
        Containers = [new SavedContainer { Name = "main", EngineName = "c1", MetadataId = "meta1" }],
    };

    public async Task InitializeAsync()
    {
        _plane = await FakePlane.StartAsync();
        _plane.Answers["CreateLogGroup"] = b => Create("group " + b["logGroupName"]);
        _plane.Answers["CreateLogStream"] = b => Create($"{b["logGroupName"]}:{b["logStreamName"]}");
        _plane.Answers["PutLogEvents"] = Put;
        _container = await _engine.CreateAsync(
            new() { Name = "c1", Config = new JsonObject { ["Image"] = "app" }, HostConfig = [] }, CancellationToken.None);
        await _engine.StartAsync(_container, CancellationToken.None);
        Start();
    }

    private (int, string) Create(string name)
    {
        lock (_streams)
        {
            return _streams.Add(name) ? (200, "{}") : (400, """{"__type":"ResourceAlreadyExistsException","message":"exists"}""");
        }
    }

    private (int, string) Put(JsonObject body)
    {
        lock (_streams)
        {
            if (!_streams.Contains($"{body["logGroupName"]}:{body["logStreamName"]}"))
            {
                return (400, """{"__type":"ResourceNotFoundException","message":"The specified log stream does not exist."}""");
            }
        }
        _signers.Enqueue(_plane.SignedBy);
        if (_refuses)
        {
            return (400, """{"__type":"AccessDeniedException","message":"no"}""");
        }
        var batch = FakePlane.CurrentLogBatch;
        if (_seen.TryAdd(batch, true))
        {
            foreach (var stored in body["logEvents"]!.AsArray())
            {
                _stored.Enqueue((string)stored!["message"]!);
            }
        }
        return _losesAnswers ? (500, """{"__type":"ServiceUnavailableException","message":"lost"}""") : (200, "{}");
    }

    private void Start(long spoolBytes = 1 << 24)
    {
        _state = StateFolder.Open(_folder);
        var settings = new NodeSettings
        {
            Name = "n1", Endpoint = _plane.Endpoint, Region = "us-east-1", StateFolder = _folder, RetryLimit = TimeSpan.FromMilliseconds(50),
            LogSpoolBytes = spoolBytes,
        };
        _credentials = new CredentialStore(new OfflineGrants(_state, TimeProvider.System));
        _logs = new LogDelivery(
            _state, _engine, settings, _ => ValueTask.FromResult(new AwsCredentials("AK", "s")), _credentials, _handler,
            NullLogger.Instance, _stop.Token);
    }

    private async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _logs.DisposeAsync();
        _state.Dispose();
        _stop.Dispose();
        _stop = new CancellationTokenSource();
    }

    private void Follow() => _logs.Follow(_task, _task.Containers[0]);

    private void Write(int from, int count)
    {
        for (var i = from; i < from + count; i++)
        {
            _engine.Write("c1", $"line {i}");
        }
    }

    private async Task StoredAsync(int count)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (_stored.Count < count)
        {
            Assert.False(deadline.IsCancellationRequested, $"{_stored.Count} of {count} stored; last {_stored.LastOrDefault()}");
            await Task.Delay(5, CancellationToken.None);
        }
    }

    private static IEnumerable<string> Lines(int count) => Enumerable.Range(0, count).Select(i => $"line {i}");

    [Fact]
    public async Task Output_arrives_in_order_in_a_stream_made_for_it()
    {
        Follow();
        Write(0, 300);
        await StoredAsync(300);
        Assert.Equal(Lines(300), _stored);
        Assert.Contains("g:p/main/a", _streams);
        Assert.Contains("group g", _streams);
    }

    [Fact]
    public async Task A_cut_loses_nothing_and_doubles_nothing()
    {
        Follow();
        Write(0, 10);
        await StoredAsync(10);
        _plane.IsDown = true;
        Write(10, 500);
        await SpooledAsync(500);
        _plane.IsDown = false;
        Write(510, 10);
        await StoredAsync(520);
        Assert.Equal(Lines(520), _stored);
    }

    [Fact]
    public async Task A_batch_whose_answer_was_lost_is_sent_again_under_its_number_even_after_a_restart()
    {
        _losesAnswers = true;
        Follow();
        Write(0, 20);
        // However many lines the first batch got hold of: it is the only one that is sent until it is answered.
        await StoredAsync(1);
        await StopAsync();
        _losesAnswers = false;
        Start();
        Write(20, 5);
        await StoredAsync(25);
        Assert.Equal(Lines(25), _stored);
        Assert.True(_plane.Of("PutLogEvents").Count() > 2);
    }

    [Fact]
    public async Task What_is_written_while_the_node_is_away_is_read_when_it_is_back()
    {
        Follow();
        Write(0, 50);
        await StoredAsync(50);
        await StopAsync();
        Write(50, 50);
        _engine.Exit("c1", 0);
        Start();
        await StoredAsync(100);
        Assert.Equal(Lines(100), _stored);
    }

    [Fact]
    public async Task An_undelivered_spool_survives_a_restart()
    {
        _plane.IsDown = true;
        Follow();
        Write(0, 500);
        await SpooledAsync(500);
        await StopAsync();
        await _engine.RemoveAsync("c1", CancellationToken.None);
        Start();
        _plane.IsDown = false;
        await StoredAsync(500);
        Assert.Equal(Lines(500), _stored);
    }

    [Fact]
    public async Task A_full_spool_drops_counts_and_says_so_in_the_stream()
    {
        await StopAsync();
        Start(spoolBytes: 100_000);
        _plane.IsDown = true;
        Follow();
        Write(0, 20_000);
        using (var deadline = new CancellationTokenSource(Deadline))
        {
            while (_logs.Lost == 0 || _logs.Lost + (_logs.SpooledBytes / 20) < 15_000)
            {
                await Task.Delay(5, deadline.Token);
            }
        }
        Assert.True(_logs.SpooledBytes <= 100_000);
        _plane.IsDown = false;
        using (var deadline = new CancellationTokenSource(Deadline))
        {
            while (!_stored.Any(l => l.StartsWith("[longspan] ", StringComparison.Ordinal)))
            {
                _engine.Write("c1", "after");
                await Task.Delay(20, deadline.Token);
            }
        }
        var told = _stored.First(l => l.StartsWith("[longspan] ", StringComparison.Ordinal));
        Assert.Equal(Lines(_stored.ToList().IndexOf(told)), _stored.TakeWhile(l => l != told));
        Assert.Contains("log events were lost here", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_finished_stream_leaves_nothing_behind()
    {
        Follow();
        Write(0, 5);
        _engine.Exit("c1", 0);
        await _logs.DrainAsync(_task, CancellationToken.None);
        await StoredAsync(5);
        using var deadline = new CancellationTokenSource(Deadline);
        while (Directory.EnumerateDirectories(Path.Combine(_folder, "logs")).Any())
        {
            await Task.Delay(5, deadline.Token);
        }
        Assert.Equal(0, _logs.SpooledBytes);
    }

    [Fact]
    public void A_torn_record_is_cut_off()
    {
        var folder = Path.Combine(_folder, "torn");
        Directory.CreateDirectory(folder);
        var at = TimeProvider.System.GetUtcNow();
        using (var spool = new LogSpool(folder, new SpoolBudget(1 << 20)))
        {
            Assert.True(spool.TryAppend(at, "one"));
            Assert.True(spool.TryAppend(at, "two"));
        }
        var path = Directory.EnumerateFiles(folder).Single();
        using (var file = new FileStream(path, FileMode.Open))
        {
            file.SetLength(file.Length - 1);
        }
        using var again = new LogSpool(folder, new SpoolBudget(1 << 20));
        Assert.Equal(new ReadMark(at, 1), again.Recovered);
        Assert.Equal(["one"], again.Take(again.Next(1, 0, 10, 1000)!.Value).Select(e => e.Text));
    }

    public async Task DisposeAsync()
    {
        await StopAsync();
        await _plane.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    public void Dispose()
    {
        _stop.Dispose();
        _handler.Dispose();
    }

    /// <summary>What the task's execution role delivers, the node does not take on itself while it has the task, also after its own restart.</summary>
    [Fact]
    public async Task Output_of_an_execution_role_waits_for_its_keys()
    {
        var task = await FollowWithRoleAsync();
        Write(0, 10);
        await SpooledAsync(10);
        await StopAsync();
        Start();
        _logs.Follow(task, task.Containers[0]);
        Write(10, 10);
        await SpooledAsync(20);
        Assert.Empty(_plane.Of("PutLogEvents"));
        PutRole();
        await StoredAsync(20);
        Assert.Equal(Lines(20), _stored);
        Assert.All(_signers, signer => Assert.Contains("Credential=ASIAROLE/", signer, StringComparison.Ordinal));

        // The task is gone, and nobody had refused its output: the node takes it on.
        _plane.IsDown = true;
        Write(20, 10);
        await SpooledAsync(10);
        Forget();
        _plane.IsDown = false;
        await StoredAsync(30);
        Assert.Contains("Credential=AK/", _signers.Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_execution_role_was_refused_goes_out_by_nobody_else()
    {
        var task = await FollowWithRoleAsync();
        _refuses = true;
        PutRole();
        Write(0, 10);
        await EcsCloud.UntilAsync("refused", () => Task.FromResult(File.Exists(Path.Combine(_folder, "logs", "meta1", "refused"))), seen => seen);
        _refuses = false;
        await StoredAsync(10);
        _refuses = true;
        Write(10, 10);
        await EcsCloud.UntilAsync("refused again", () => Task.FromResult(File.Exists(Path.Combine(_folder, "logs", "meta1", "refused"))), seen => seen);
        _refuses = false;
        await StopAsync();
        Forget();
        Start();
        await EcsCloud.UntilAsync("dropped", () => Task.FromResult(_logs.Lost), lost => lost == 10);
        Assert.Equal(10, _stored.Count);
        Assert.All(_signers, signer => Assert.Contains("Credential=ASIAROLE/", signer, StringComparison.Ordinal));
    }

    private async Task<SavedTask> FollowWithRoleAsync()
    {
        var definition = _task.Task.Containers![0];
        var task = new SavedTask
        {
            Task = _task.Task with { Containers = [definition with { LogsAuthStrategy = "ExecutionRole" }] }, Containers = _task.Containers,
            ExecutionCredentialsId = "role",
        };
        await File.WriteAllTextAsync(Path.Combine(_state.Folder("tasks"), "a.json"), "{}");
        _logs.Follow(task, task.Containers[0]);
        return task;
    }

    private void PutRole() => _credentials.Put(new IAMRoleCredentials
    {
        CredentialsId = "role", RoleArn = "r", AccessKeyId = "ASIAROLE", SecretAccessKey = "s", SessionToken = "t", Expiration = "2099-01-01T00:00:00Z",
    });

    private void Forget()
    {
        _credentials.Remove("role");
        File.Delete(Path.Combine(_folder, "tasks", "a.json"));
    }

    private async Task SpooledAsync(int lines)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (_logs.SpooledBytes < lines * 18)
        {
            await Task.Delay(5, deadline.Token);
        }
    }
}
