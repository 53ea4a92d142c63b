using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Kernel;
using Longspan.Services.Sqs;
using Longspan.Store;
using Longspan.Store.Sqlite.Messages;
using Longspan.Support;

namespace Longspan.Core.Tests.Sqs;

/// <summary>The service on a real store in a temporary folder, with a clock of its own. Calls go through the kernel's dispatch.</summary>
internal sealed class SqsFixture : IAsyncDisposable
{
    public const string Account = "123456789012";
    public const string Region = "eu-central-1";

    private readonly DirectoryInfo _folder;
    private readonly bool _keepFolder;
    private StoreFolder _store = null!;
    private SqsModule _module = null!;
    private Cloud _cloud = null!;

    private SqsFixture(DirectoryInfo folder, ManualClock clock, bool keepFolder)
    {
        _folder = folder;
        Clock = clock;
        _keepFolder = keepFolder;
    }

    public ManualClock Clock { get; }
    public string Folder => _folder.FullName;
    public SqsModule Module => _module;
    public StoreFolder Store => _store;
    /// <summary>Every line that the service logged.</summary>
    public RecordedLog Log { get; } = new();

    public static async Task<SqsFixture> StartAsync(ManualClock? clock = null, string? folder = null)
    {
        var fixture = new SqsFixture(
            folder is null ? Directory.CreateTempSubdirectory("longspan-sqs-") : new DirectoryInfo(folder), clock ?? new ManualClock(), folder is not null);
        await fixture.OpenAsync();
        return fixture;
    }

    /// <summary>Closes everything, lets a test at the files, and starts again on the same folder.</summary>
    public async Task RestartAsync(Action? between = null)
    {
        await CloseAsync();
        between?.Invoke();
        await OpenAsync();
    }

    /// <summary>Starts again after a start that failed.</summary>
    public async Task ReopenAsync(Action between)
    {
        between();
        await OpenAsync();
    }

    public async Task<TResponse> Do<TRequest, TResponse>(Operation<TRequest, TResponse> operation, TRequest request, CancellationToken stop = default)
        where TRequest : Shape, new()
        where TResponse : Shape, new()
    {
        var caller = new Caller(Account, $"arn:aws:iam::{Account}:user/tester", "AIDATESTER", "AKIATESTER", true);
        var call = new CallContext(_cloud, caller, Region, Ids.Uuid(), new Uri("http://localhost:4566"));
        return (TResponse)await _cloud.DispatchAsync(call, operation, request, stop);
    }

    public async Task<string> CreateAsync(string name, params (string Name, string Value)[] attributes)
    {
        var request = new CreateQueueRequest { QueueName = name, Attributes = attributes.ToDictionary(a => a.Name, a => a.Value) };
        return (await Do(SqsOperations.CreateQueue, request)).QueueUrl!;
    }

    public async Task<SendMessageResult> SendAsync(string url, string body, string? group = null, string? deduplication = null, int? delay = null) =>
        await Do(SqsOperations.SendMessage, new SendMessageRequest
        {
            QueueUrl = url, MessageBody = body, MessageGroupId = group, MessageDeduplicationId = deduplication, DelaySeconds = delay,
        });

    public async Task<List<Message>> ReceiveAsync(string url, int maximum = 10, int? visibility = null, int? wait = null, CancellationToken stop = default)
    {
        var request = new ReceiveMessageRequest
        {
            QueueUrl = url, MaxNumberOfMessages = maximum, VisibilityTimeout = visibility, WaitTimeSeconds = wait, MessageSystemAttributeNames = ["All"],
            MessageAttributeNames = ["All"],
        };
        return (await Do(SqsOperations.ReceiveMessage, request, stop)).Messages ?? [];
    }

    public async Task DeleteAsync(string url, string handle) =>
        await Do(SqsOperations.DeleteMessage, new DeleteMessageRequest { QueueUrl = url, ReceiptHandle = handle });

    public async Task<Dictionary<string, string>> AttributesAsync(string url, params string[] names) =>
        (await Do(SqsOperations.GetQueueAttributes, new GetQueueAttributesRequest { QueueUrl = url, AttributeNames = [.. names] })).Attributes ?? [];

    /// <summary>Visible, in flight, delayed.</summary>
    public async Task<(int Visible, int InFlight, int Delayed)> DepthAsync(string url)
    {
        var all = await AttributesAsync(url, "All");
        return (int.Parse(all["ApproximateNumberOfMessages"]), int.Parse(all["ApproximateNumberOfMessagesNotVisible"]),
            int.Parse(all["ApproximateNumberOfMessagesDelayed"]));
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        if (!_keepFolder)
        {
            _folder.Delete(recursive: true);
        }
    }

    private async Task OpenAsync()
    {
        _store = await StoreFolder.OpenAsync(_folder.FullName, Clock);
        var messages = SqliteMessageBackend.Open(_store.PathOf("messages"), Clock);
        _module = new SqsModule(_store.Documents, messages, new ReceiptHandles(_store.Sealer.DeriveKey("sqs-test")), _store.Sealer.DeriveKey("sqs-test-2"), Clock, Log);
        _cloud = new Cloud(_store.Documents, Clock, new CloudSettings(Account, new Uri("http://localhost:4566"), _folder.FullName));
        _cloud.Add(_module);
        _cloud.Add(new LongspanQueuesModule(_module));
        try
        {
            await _module.StartAsync(default);
        }
        catch
        {
            await CloseAsync();
            throw;
        }
    }

    private async Task CloseAsync()
    {
        await _module.StopAsync();
        await _store.DisposeAsync();
    }
}
