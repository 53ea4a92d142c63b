using Longspan.Api.Sqs;
using Longspan.System.Tests.Clients;
using Xunit;

namespace Longspan.System.Tests.Queues;

/// <summary>A server process, and the command line that people use on it.</summary>
public sealed class QueueSite : IAsyncLifetime
{
    private ServerProcess _server = null!;
    private int _sent;
    private readonly string _home = Directory.CreateTempSubdirectory("queue-home").FullName;

    internal ServerProcess Server => _server;

    public async Task InitializeAsync() => _server = await ServerProcess.StartAsync();

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_home, recursive: true);
    }

    internal async Task<string> CreateAsync(string name, params (string Name, string Value)[] attributes) =>
        (await _server.Client.CallAsync(
            SqsOperations.CreateQueue, new() { QueueName = name, Attributes = attributes.ToDictionary(a => a.Name, a => a.Value) }, CancellationToken.None)).QueueUrl!;

    internal async Task SendAsync(string url, string body, string? group = null, int? delay = null) =>
        await _server.Client.CallAsync(
            SqsOperations.SendMessage,
            new() { QueueUrl = url, MessageBody = body, MessageGroupId = group, MessageDeduplicationId = group is null ? null : $"{Interlocked.Increment(ref _sent)}", DelaySeconds = delay },
            CancellationToken.None);

    internal async Task<List<Message>> ReceiveAsync(string url, int visibility = 600) =>
        (await _server.Client.CallAsync(
            SqsOperations.ReceiveMessage,
            new() { QueueUrl = url, MaxNumberOfMessages = 10, VisibilityTimeout = visibility, MessageSystemAttributeNames = ["All"] }, CancellationToken.None)).Messages ?? [];

    internal async Task DeleteAsync(string url, Message message) =>
        await _server.Client.CallAsync(SqsOperations.DeleteMessage, new() { QueueUrl = url, ReceiptHandle = message.ReceiptHandle }, CancellationToken.None);

    internal async Task<long> CountAsync(string url)
    {
        var answer = await _server.Client.CallAsync(SqsOperations.GetQueueAttributes, new() { QueueUrl = url, AttributeNames = ["All"] }, CancellationToken.None);
        return ((string[])["", "NotVisible", "Delayed"]).Sum(state => long.Parse(answer.Attributes![$"ApproximateNumberOfMessages{state}"]));
    }

    /// <summary><c>longspan queue …</c> to its end; its input is empty and no terminal.</summary>
    internal Task<ToolResult> QueueAsync(params string[] arguments) => Tool.RunAsync("dotnet", [Program, "queue", .. arguments], environment: Environment);

    /// <summary>The same in a terminal, with somebody who types.</summary>
    internal Task<ToolResult> QueueInTerminalAsync(string typed, params string[] arguments) => Tool.RunAsync(
        "script", ["--quiet", "--return", "--echo", "never", "--command", $"dotnet {Program} queue {string.Join(' ', arguments)}", "/dev/null"], typed, Environment);

    /// <summary>The same, left running; it hears Ctrl-C even where the tests themselves were started without.</summary>
    internal OwnProcess StartQueue(params string[] arguments) =>
        OwnProcess.StartForeign("env", ["--default-signal=INT", "dotnet", Program, "queue", .. arguments], Environment, Path.GetTempPath());

    internal Dictionary<string, string> Environment => new()
    {
        ["AWS_ENDPOINT_URL"] = $"{_server.Endpoint}", ["AWS_SHARED_CREDENTIALS_FILE"] = _server.CredentialsFile, ["AWS_REGION"] = LiveServer.Region, ["LONGSPAN_HOME"] = _home,
    };

    internal static string Program => Path.Combine(AppContext.BaseDirectory, "longspan.dll");
}
