using System.Text.Json.Nodes;
using Longspan.System.Tests.Clients;
using Xunit;

namespace Longspan.System.Tests.Queues;

/// <summary><c>longspan queue</c> as people and scripts run it, against a server process.</summary>
public sealed class QueueCommandTests(QueueSite site) : IClassFixture<QueueSite>
{
    [Fact]
    public async Task List_tells_depths_ages_and_dead_letter_queues()
    {
        var dead = await site.CreateAsync("list-dead");
        var policy = """{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:list-dead","maxReceiveCount":"3"}""";
        var orders = await site.CreateAsync("list-orders", ("RedrivePolicy", policy));
        await site.CreateAsync("list-empty.fifo", ("FifoQueue", "true"));
        await site.SendAsync(dead, "old");
        await site.SendAsync(orders, "one");
        await site.SendAsync(orders, "two", delay: 600);
        await site.SendAsync(orders, "three");
        Assert.Single(await site.ReceiveAsync(dead));

        var listed = Queues(await site.QueueAsync("list", "--prefix", "list-", "--sort", "depth", "--output", "json"));
        Assert.Equal(["list-orders", "list-dead", "list-empty.fifo"], listed.Select(q => (string)q["name"]!));
        Assert.Equal([2, 0, 0], listed.Select(q => (int)q["visible"]!));
        Assert.Equal([0, 1, 0], listed.Select(q => (int)q["inFlight"]!));
        Assert.Equal([1, 0, 0], listed.Select(q => (int)q["delayed"]!));
        Assert.Equal(("list-dead", 3), ((string)listed[0]["deadLetterQueue"]!, (int)listed[0]["maxReceiveCount"]!));
        Assert.Equal([false, false, true], listed.Select(q => (bool)q["fifo"]!));
        Assert.True((long)listed[1]["oldestAgeSeconds"]! >= (long)listed[0]["oldestAgeSeconds"]!, "what was sent first is oldest");
        Assert.Null(listed[2]["oldestAgeSeconds"]);

        var byAge = Queues(await site.QueueAsync("list", "--prefix", "list-", "--sort", "age", "--output", "json"));
        Assert.Equal("list-empty.fifo", (string)byAge[^1]["name"]!);
        var text = (await site.QueueAsync("list", "--prefix", "list-")).Succeeded();
        Assert.Contains("list-dead after 3", text);
        Assert.Contains("There are no queues whose names begin with 'nothing'", (await site.QueueAsync("list", "--prefix", "nothing")).Succeeded());
    }

    [Fact]
    public async Task Thousands_of_queues_are_listed_with_a_bounded_number_of_calls_at_once()
    {
        const int Count = 1_100;
        await Parallel.ForAsync(0, Count, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) => await site.CreateAsync($"many-{i:0000}"));
        var listed = Queues(await site.QueueAsync("list", "--prefix", "many-", "--output", "json"));
        Assert.Equal(Enumerable.Range(0, Count).Select(i => $"many-{i:0000}"), listed.Select(q => (string)q["name"]!));
    }

    [Fact]
    public async Task Peek_shows_messages_and_leaves_them_alone()
    {
        var url = await site.CreateAsync("peek");
        await site.SendAsync(url, "first\u009b31m\u202e line\nsecond line");
        await site.SendAsync(url, "later", delay: 600);
        await site.SendAsync(url, new string('x', 5_000));
        for (var i = 0; i < 2; i++)
        {
            var text = (await site.QueueAsync("peek", i == 0 ? "peek" : url)).Succeeded();
            Assert.Contains("peek: 2 visible, 0 in flight, 1 delayed", text);
            // Nothing that a sender wrote reaches the terminal as a command to it.
            Assert.Contains("""first\u009b31m\u202e line\nsecond line""", text);
            Assert.Contains("delayed, visible in 9 min", text);
            Assert.Contains("received 0×", text);
            Assert.Contains("(5000 bytes)", text);
            Assert.DoesNotContain(new string('x', 1_000), text);
        }
        var whole = JsonNode.Parse((await site.QueueAsync("peek", "peek", "--output", "json")).Succeeded())!;
        Assert.Equal("peek", (string)whole["queue"]!);
        Assert.Equal(["visible", "delayed", "visible"], whole["messages"]!.AsArray().Select(m => (string)m!["state"]!));
        Assert.Equal(["first\u009b31m\u202e line\nsecond line", "later", new string('x', 5_000)], whole["messages"]!.AsArray().Select(m => (string)m!["body"]!));
        Assert.Contains("--count shows more", (await site.QueueAsync("peek", "peek", "--count", "2")).Succeeded());
        Assert.All(await site.ReceiveAsync(url), message => Assert.Equal("1", message.Attributes!["ApproximateReceiveCount"]));
    }

    [Fact]
    public async Task Peek_goes_over_many_pages()
    {
        var url = await site.CreateAsync("pages.fifo", ("FifoQueue", "true"));
        for (var i = 0; i < 250; i++)
        {
            await site.SendAsync(url, $"{i}", group: $"g{i % 3}");
        }
        var whole = JsonNode.Parse((await site.QueueAsync("peek", "pages.fifo", "--count", "230", "--output", "json")).Succeeded())!;
        Assert.Equal(Enumerable.Range(0, 230).Select(i => $"{i}"), whole["messages"]!.AsArray().Select(m => (string)m!["body"]!));
    }

    [Fact]
    public async Task Purge_wants_the_name_typed_or_yes()
    {
        var url = await site.CreateAsync("purge-me");
        await site.SendAsync(url, "one");
        await site.SendAsync(url, "two", delay: 600);

        var unattended = await site.QueueAsync("purge", "purge-me");
        Assert.Equal(2, unattended.ExitCode);
        Assert.Contains("Use --yes in scripts", unattended.Error);
        var mistyped = await site.QueueInTerminalAsync("purge\n", "purge", "purge-me");
        Assert.Equal(1, mistyped.ExitCode);
        Assert.Contains("nothing was deleted", mistyped.Output);
        Assert.Equal(2, await site.CountAsync(url));

        var typed = await site.QueueInTerminalAsync("purge-me\n", "purge", "purge-me");
        Assert.Contains("Purged purge-me: it held 2 messages", typed.Succeeded());
        Assert.Equal(0, await site.CountAsync(url));
        var again = await site.QueueAsync("purge", "purge-me", "--yes");
        Assert.Contains("every 60 seconds", again.Failed());

        var other = await site.CreateAsync("purge-other");
        await site.SendAsync(other, "one");
        var report = JsonNode.Parse((await site.QueueAsync("purge", "purge-other", "--yes", "--output", "json")).Succeeded())!;
        Assert.Equal(("purge-other", 1), ((string)report["queue"]!, (int)report["messages"]!));
        Assert.Equal(0, await site.CountAsync(other));
    }

    [Fact]
    public async Task Failures_say_what_to_do_next()
    {
        await site.CreateAsync("invoices");
        var unknown = await site.QueueAsync("peek", "invoicse");
        Assert.Equal(1, unknown.ExitCode);
        Assert.Contains("There is no queue 'invoicse'", unknown.Error);
        Assert.Contains("Did you mean invoices?", unknown.Error);
        Assert.Contains("There is no queue", (await site.QueueAsync("tail", $"{site.Server.Endpoint}123456789012/nothing-like-it")).Failed());

        var usage = await site.QueueAsync("peek", "invoices", "--count", "none");
        Assert.Equal(2, usage.ExitCode);
        Assert.Contains("--count must be a number from 1 to", usage.Error);

        var nobody = await Tool.RunAsync("dotnet", [QueueSite.Program, "queue", "list", "--endpoint", "http://127.0.0.1:1"], environment: site.Environment);
        Assert.Equal(1, nobody.ExitCode);
        Assert.Contains("No server answers at http://127.0.0.1:1/ (--endpoint)", nobody.Error);
        Assert.Contains("longspan up", nobody.Error);

        var wrongKeys = await Tool.RunAsync("dotnet", [QueueSite.Program, "queue", "list"], environment: new Dictionary<string, string>(site.Environment)
        {
            ["AWS_ACCESS_KEY_ID"] = "AKIAAAAAAAAAAAAAAAAA", ["AWS_SECRET_ACCESS_KEY"] = "wrong",
        });
        Assert.Equal(1, wrongKeys.ExitCode);
        Assert.Contains("does not take the credentials from AWS_ACCESS_KEY_ID", wrongKeys.Error);
        Assert.Contains("--credentials", wrongKeys.Error);

        var environment = site.Environment;
        environment.Remove("AWS_ENDPOINT_URL");
        var nothing = await Tool.RunAsync("dotnet", [QueueSite.Program, "queue", "list"], environment: environment);
        Assert.Equal(1, nothing.ExitCode);
        Assert.Contains("nothing is up in", nothing.Error);
    }

    private static List<JsonNode> Queues(ToolResult result) => [.. JsonNode.Parse(result.Succeeded())!["queues"]!.AsArray().Select(queue => queue!)];
}
