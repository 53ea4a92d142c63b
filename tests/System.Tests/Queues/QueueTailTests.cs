using System.Text.Json.Nodes;
using Longspan.System.Tests.Clients;
using Xunit;

namespace Longspan.System.Tests.Queues;

/// <summary><c>longspan queue tail</c>: a live view that takes nothing away.</summary>
public sealed class QueueTailTests(QueueSite site) : IClassFixture<QueueSite>
{
    [Fact]
    public async Task Messages_are_shown_as_they_are_sent_even_when_a_consumer_is_faster()
    {
        var url = await site.CreateAsync("tail");
        await site.SendAsync(url, "from before");
        await using var tail = site.StartQueue("tail", "tail");
        await tail.SaysAsync("watching tail");
        for (var i = 0; i < 20; i++)
        {
            await site.SendAsync(url, $"order {i}");
            foreach (var message in await site.ReceiveAsync(url))
            {
                await site.DeleteAsync(url, message);
            }
        }
        await tail.SaysAsync("order 19");
        (await Tool.RunAsync("kill", ["-INT", $"{tail.Id}"])).Succeeded();
        Assert.Equal(0, await tail.EndsAsync());
        Assert.DoesNotContain("from before", tail.Said);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"order {i}"), tail.Said.Split('\n').Where(line => line.Contains("  order ")).Select(line => line[line.IndexOf("order ", StringComparison.Ordinal)..]));
        Assert.Contains("20 messages seen", tail.Said);
        Assert.Equal(0, await site.CountAsync(url));
    }

    [Fact]
    public async Task For_programs_each_message_is_a_line_of_json_and_a_server_that_restarts_is_waited_for()
    {
        var own = new QueueSite();
        await own.InitializeAsync();
        try
        {
            var url = await own.CreateAsync("lines.fifo", ("FifoQueue", "true"));
            await using var tail = own.StartQueue("tail", "lines.fifo", "--output", "json", "--count", "2");
            await tail.SaysAsync("watching lines.fifo");
            await own.SendAsync(url, "one\ntwo", group: "g");
            var first = JsonNode.Parse(await tail.SaysAsync("messageId"))!;
            Assert.Equal(("one\ntwo", "g", "visible"), ((string)first["body"]!, (string)first["attributes"]!["MessageGroupId"]!, (string)first["state"]!));

            await own.Server.Process.KillAsync();
            await tail.SaysAsync("waiting for it");
            await own.Server.StartAgainAsync();
            await tail.SaysAsync("may have been missed");
            await own.SendAsync(url, "after the restart", group: "g");
            Assert.Equal(0, await tail.EndsAsync());
            Assert.Contains("after the restart", tail.Said);
            Assert.Equal(2, await own.CountAsync(url));
        }
        finally
        {
            await own.DisposeAsync();
        }
    }
}
