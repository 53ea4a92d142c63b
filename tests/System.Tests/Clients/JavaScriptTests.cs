using System.Globalization;
using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>Needs Node.js 20 with npm; without it the test is skipped and says so.</summary>
internal sealed class JavaScriptFactAttribute : FactAttribute
{
    public JavaScriptFactAttribute() => Skip = JavaScript.Obstacle.Value;
}

/// <summary>The packages of <c>scripts/node/package-lock.json</c>, installed beside the scripts once for each version of that file.</summary>
public sealed class JavaScript : IAsyncLifetime
{
    private const int OldestNode = 20;

    internal static readonly Lazy<string?> Obstacle = new(Look);

    internal QueueSite Site { get; } = new();

    internal Task<string[]> ProvedAsync(string script) => Site.ProvedAsync("node", QueueSite.Script("node", script));

    public async Task InitializeAsync()
    {
        if (Obstacle.Value is not null)
        {
            return;
        }
        var installed = QueueSite.Script("node", "node_modules", "longspan-installed.json");
        var wanted = await File.ReadAllTextAsync(QueueSite.Script("node", "package-lock.json"));
        if (!File.Exists(installed) || await File.ReadAllTextAsync(installed) != wanted)
        {
            (await Tool.RunAsync("npm", ["ci", "--ignore-scripts", "--prefix", QueueSite.Script("node")])).Succeeded();
            await File.WriteAllTextAsync(installed, wanted);
        }
        await Site.InitializeAsync();
    }

    public async Task DisposeAsync()
    {
        if (Obstacle.Value is null)
        {
            await Site.DisposeAsync();
        }
    }

    private static string? Look()
    {
        if ((Tool.Missing("node") ?? Tool.Missing("npm")) is { } missing)
        {
            return missing;
        }
        var version = Tool.RunAsync("node", ["--version"]).GetAwaiter().GetResult().Succeeded().Trim();
        return int.Parse(version.TrimStart('v').Split('.')[0], CultureInfo.InvariantCulture) >= OldestNode
            ? null
            : $"Node.js {version} is older than {OldestNode}, which the AWS SDK for JavaScript needs";
    }
}

public sealed class JavaScriptTests(JavaScript scripts) : IClassFixture<JavaScript>
{
    [JavaScriptFact]
    public async Task The_AWS_SDK_gets_what_Amazon_gives_it() => Assert.Equal(
        ["oneMessage", "batches", "fifo", "longPoll", "deadLetters", "queueUrls", "errors"], await scripts.ProvedAsync("sdk.js"));

    [JavaScriptFact]
    public async Task What_sqs_producer_sends_sqs_consumer_handles_once() => Assert.Equal(
        ["producedAndConsumed", "batchesOfTen", "failedMessagesComeBack", "fifoKeepsItsOrder"], await scripts.ProvedAsync("consumer.js"));

    [JavaScriptFact]
    public async Task The_AWS_SDK_gets_what_Amazon_gives_it_from_the_other_services() => Assert.Equal(
        ["identity", "users", "parameters", "logEvents", "repositories", "clusters"], await scripts.ProvedAsync("services.js"));
}
