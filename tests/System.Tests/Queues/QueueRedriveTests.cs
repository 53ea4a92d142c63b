using System.Text.Json.Nodes;
using Longspan.System.Tests.Clients;
using Xunit;

namespace Longspan.System.Tests.Queues;

/// <summary><c>longspan queue redrive</c>: dead letters go back, also when nobody watches.</summary>
public sealed class QueueRedriveTests(QueueSite site) : IClassFixture<QueueSite>
{
    [Fact]
    public async Task Dead_letters_go_back_to_where_they_came_from()
    {
        var (orders, dead) = await WithDeadLettersAsync("back", 3);
        var moved = await site.QueueAsync("redrive", "back-dead");
        Assert.Contains("COMPLETED: 3 of about 3 moved from back-dead to where they came from", moved.Succeeded());
        Assert.Equal((3, 0), (await site.CountAsync(orders), await site.CountAsync(dead)));
        var status = JsonNode.Parse((await site.QueueAsync("redrive", "back-dead", "--status", "--output", "json")).Succeeded())!;
        Assert.Equal(("COMPLETED", 3), ((string)status["status"]!, (int)status["moved"]!));
    }

    [Fact]
    public async Task Another_queue_takes_them_and_what_has_no_origin_is_explained()
    {
        var (_, dead) = await WithDeadLettersAsync("aside", 2);
        var parking = await site.CreateAsync("aside-parking");
        (await site.QueueAsync("redrive", "aside-dead", "--to", "aside-parking")).Succeeded();
        Assert.Equal((2, 0), (await site.CountAsync(parking), await site.CountAsync(dead)));

        await site.SendAsync(dead, "sent here directly");
        var stuck = await site.QueueAsync("redrive", "aside-dead");
        Assert.Equal(1, stuck.ExitCode);
        Assert.Contains("name one with --to", stuck.Output);
        Assert.Contains("is not a dead-letter queue", (await site.QueueAsync("redrive", "aside-parking")).Failed());
    }

    [Fact]
    public async Task Interrupted_it_goes_on_in_the_server_until_it_is_cancelled()
    {
        var (_, dead) = await WithDeadLettersAsync("slow", 200);
        await using (var redrive = site.StartQueue("redrive", "slow-dead", "--rate", "1"))
        {
            await redrive.SaysAsync("moved");
            (await Tool.RunAsync("kill", ["-INT", $"{redrive.Id}"])).Succeeded();
            Assert.Equal(130, await redrive.EndsAsync());
            Assert.Contains("the move goes on in the server", redrive.Said);
            Assert.Contains("longspan queue redrive slow-dead --cancel", redrive.Said);
        }
        Assert.Equal("RUNNING", (string)JsonNode.Parse((await site.QueueAsync("redrive", "slow-dead", "--status", "--output", "json")).Succeeded())!["status"]!);
        Assert.Contains("being moved from slow-dead already", (await site.QueueAsync("redrive", "slow-dead")).Failed());
        Assert.Contains("CANCELLED", (await site.QueueAsync("redrive", "slow-dead", "--cancel")).Succeeded());
        Assert.InRange(await site.CountAsync(dead), 1, 200);
        Assert.Contains("Nothing is being moved", (await site.QueueAsync("redrive", "slow-dead", "--cancel")).Failed());
    }

    /// <summary>A queue whose messages have all been received once too often.</summary>
    private async Task<(string Orders, string Dead)> WithDeadLettersAsync(string name, int count)
    {
        var dead = await site.CreateAsync($"{name}-dead");
        var orders = await site.CreateAsync(
            $"{name}-orders", ("RedrivePolicy", $$"""{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:{{name}}-dead","maxReceiveCount":"1"}"""));
        for (var i = 0; i < count; i++)
        {
            await site.SendAsync(orders, $"{i}");
        }
        await Until.TrueAsync("all messages are dead letters", async () =>
        {
            await site.ReceiveAsync(orders, visibility: 0);
            return await site.CountAsync(dead) == count;
        });
        return (orders, dead);
    }
}
