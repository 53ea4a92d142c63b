using System.Globalization;
using Longspan.Api.Sqs;
using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>Needs Debian's Celery; without it the test is skipped and says so.</summary>
internal sealed class CeleryFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> s_installed = new(() =>
        File.Exists(CeleryTests.Python) && Tool.StartsAsync(CeleryTests.Python, "-c", "import boto3, celery, kombu, pycurl").GetAwaiter().GetResult());

    public CeleryFactAttribute() => Skip = s_installed.Value ? null : "no python3-celery, python3-boto3 and python3-pycurl of Debian on this machine";
}

/// <summary>kombu, and Celery's real worker on top of it. What a task did is read from the file that it writes.</summary>
public sealed class CeleryTests(QueueSite site) : IClassFixture<QueueSite>, IAsyncLifetime
{
    internal const string Python = "/usr/bin/python3";

    /// <summary>Longer than any of these tests: nothing is redelivered because the machine is slow.</summary>
    private const int LongVisibility = 600;
    private const int ShortVisibility = 5;

    private readonly string _folder = Directory.CreateTempSubdirectory("celery").FullName;
    private readonly string _prefix = $"{Path.GetRandomFileName().Replace(".", "", StringComparison.Ordinal)}-";

    private string NotesFile => Path.Combine(_folder, "notes.txt");

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return Task.CompletedTask;
    }

    [CeleryFact]
    public async Task Kombu_gets_what_Amazon_gives_it() => Assert.Equal(
        ["exchange_and_queue", "simple_queue", "predefined_fifo"],
        await site.ProvedAsync(Python, QueueSite.Script("python", "kombu_round.py")));

    [CeleryFact]
    public async Task A_worker_does_each_task_once_with_retries_and_countdowns()
    {
        var settings = Settings(LongVisibility);
        await ProduceAsync(settings, "add", "stubborn", "later");
        await using var worker = Worker(settings);
        string[] expected = [.. Enumerable.Range(1, 10).Select(sum => $"add {sum}"), "stubborn 0", "stubborn 1", "stubborn 2", "later"];
        await Until.TrueAsync("every task left its line", async () => (await NotesAsync()).Length >= expected.Length);
        await Until.TrueAsync("the queue is empty", async () => await LeftAsync("celery") == 0);
        Assert.Equal(0, await worker.StopAsync());
        Assert.Equal(expected.Order(StringComparer.Ordinal), (await NotesAsync()).Order(StringComparer.Ordinal));
    }

    [CeleryFact]
    public async Task A_worker_that_is_stopped_ends_its_task_first()
    {
        var url = (await site.Server.Client.CallAsync(SqsOperations.CreateQueue, new() { QueueName = $"{_prefix}orders" }, CancellationToken.None)).QueueUrl!;
        var settings = Settings(LongVisibility);
        settings.Add("QUEUE_URL", url);
        await ProduceAsync(settings, "hold");
        await using var worker = Worker(settings);
        await Until.TrueAsync("the task has begun", async () => (await NotesAsync()).Any(Begun));
        var ended = worker.StopAsync();
        await worker.SaysAsync("Warm shutdown");
        Assert.False(worker.HasEnded);
        await LetGoAsync();
        Assert.Equal(0, await ended);
        Assert.Equal("hold ended", (await NotesAsync())[^1]);
        Assert.Equal(0, await LeftAsync("orders"));
    }

    [CeleryFact]
    public async Task A_task_whose_worker_was_killed_is_done_by_the_next()
    {
        var settings = Settings(ShortVisibility);
        await ProduceAsync(settings, "hold");
        await using (var killed = Worker(settings))
        {
            await Until.TrueAsync("the task has begun", async () => (await NotesAsync()).Any(Begun));
            await killed.KillAsync();
        }
        Assert.Equal(1, await LeftAsync("celery"));
        await using var worker = Worker(settings);
        await Until.TrueAsync("the task has begun again", async () => (await NotesAsync()).Where(Begun).Distinct().Count() > 1);
        await LetGoAsync();
        await Until.TrueAsync("the task has ended", async () => (await NotesAsync()).Contains("hold ended"));
        await Until.TrueAsync("the queue is empty", async () => await LeftAsync("celery") == 0);
        Assert.Equal(0, await worker.StopAsync());
    }

    private static bool Begun(string line) => line.StartsWith("hold begun", StringComparison.Ordinal);

    private Dictionary<string, string> Settings(int visibilitySeconds) => new(site.Environment)
    {
        ["NOTES"] = NotesFile,
        ["PREFIX"] = _prefix,
        ["VISIBILITY"] = visibilitySeconds.ToString(CultureInfo.InvariantCulture),
        ["PYTHONDONTWRITEBYTECODE"] = "1",
        ["PYTHONUNBUFFERED"] = "1",
        // Its own warning about the root user is meant for machines, not for tests.
        ["C_FORCE_ROOT"] = "1",
    };

    private static async Task ProduceAsync(Dictionary<string, string> settings, params string[] tasks) =>
        (await Tool.RunAsync(Python, [QueueSite.Script("celery", "produce.py"), .. tasks], environment: settings)).Succeeded();

    private static OwnProcess Worker(Dictionary<string, string> settings) => OwnProcess.StartForeign(
        Python, ["-m", "celery", "--app", "tasks", "worker", "--loglevel", "INFO", "--concurrency", "1"], settings, QueueSite.Script("celery"));

    private async Task<string[]> NotesAsync() => File.Exists(NotesFile) ? await File.ReadAllLinesAsync(NotesFile) : [];

    private Task LetGoAsync() => File.WriteAllTextAsync(Path.ChangeExtension(NotesFile, ".go"), "");

    private async Task<int> LeftAsync(string queue)
    {
        var url = (await site.Server.Client.CallAsync(SqsOperations.GetQueueUrl, new() { QueueName = $"{_prefix}{queue}" }, CancellationToken.None)).QueueUrl!;
        var counts = (await site.Server.Client.CallAsync(SqsOperations.GetQueueAttributes, new() { QueueUrl = url, AttributeNames = ["All"] }, CancellationToken.None)).Attributes!;
        return new[] { "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed" }
            .Sum(name => int.Parse(counts[name], CultureInfo.InvariantCulture));
    }
}
