using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Orders.Core;

namespace Orders.Tests;

public sealed class ShopTests
{
    [Fact]
    public async Task An_order_travels_to_the_premises_and_its_status_returns()
    {
        await using var shop = await Shop.OpenAsync();
        using var placed = await shop.PlaceAsync("token-0001");
        Assert.Equal(HttpStatusCode.Created, placed.StatusCode);
        string id = (string)(await placed.Content.ReadFromJsonAsync<JsonObject>())!["orderId"]!;
        Assert.Equal(OrderIds.FromToken("token-0001"), id);

        await Shop.UntilAsync("the order is processed", () => shop.Ledger.Find(id)?.Status == OrderStatus.Processed);

        var order = (await shop.ListAsync())["orders"]![0]!;
        Assert.Equal(("onprem-1", "on-premises", 2, 1780), ((string)order["node"]!, (string)order["site"]!, (int)order["itemCount"]!, (int)order["totalCents"]!));
        var stored = Assert.Single(shop.Store.List(10));
        Assert.Equal(("Ada", "1 Quay", 1), (stored.Name, stored.Address, stored.Deliveries));
        await Shop.UntilAsync("both queues are empty", () => shop.Queues.Bodies(QueueStub.Orders).Length + shop.Queues.Bodies(QueueStub.Status).Length == 0);
    }

    [Fact]
    public async Task The_cloud_side_keeps_no_customer_detail_on_disk()
    {
        const string name = "Zebedee Quillfeather";
        const string address = "77 Marmalade Crescent";
        await using var shop = await Shop.OpenAsync();
        for (int i = 0; i < 20; i++)
        {
            using var answer = await shop.PlaceAsync($"token-{i:0000}", name, address);
            Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
            Assert.DoesNotContain("Zebedee", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        using var refused = await shop.PlaceAsync("token-0000", name, address, quantity: 9);
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        await Shop.UntilAsync("all are processed", () => shop.Ledger.Summarize().Processed == 20);
        Assert.DoesNotContain("Zebedee", (await shop.ListAsync()).ToJsonString(), StringComparison.Ordinal);

        // Searched before and after the write-ahead log is folded in, and in every file, whatever a later version calls them.
        string[] markers = ["Zebedee", "Quillfeather", "Marmalade", "Crescent"];
        Assert.Empty(Found(shop.ApiFolder, markers));
        await shop.StopApiAsync();
        Assert.Empty(Found(shop.ApiFolder, markers));

        // The search itself works: it finds the same words where they belong.
        Assert.Equal(markers.Order(), Found(shop.ProcessorFolder, markers).Order());
    }

    [Fact]
    public async Task The_same_token_is_the_same_order()
    {
        await using var shop = await Shop.OpenAsync(withProcessor: false);
        using var first = await shop.PlaceAsync("token-0001");
        using var repeat = await shop.PlaceAsync("token-0001");
        using var other = await shop.PlaceAsync("token-0001", quantity: 3);
        Assert.Equal([HttpStatusCode.Created, HttpStatusCode.OK, HttpStatusCode.Conflict], [first.StatusCode, repeat.StatusCode, other.StatusCode]);
        Assert.Equal(await first.Content.ReadAsStringAsync(), await repeat.Content.ReadAsStringAsync());
        Assert.Single(shop.Queues.Bodies(QueueStub.Orders));
    }

    [Fact]
    public async Task A_queue_that_takes_nothing_leaves_nothing_behind_and_the_retry_places_the_order()
    {
        await using var shop = await Shop.OpenAsync(withProcessor: false);
        shop.Queues.Refused.Add("SendMessage/orders");
        using var refused = await shop.PlaceAsync("token-0001");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Empty(shop.Ledger.Newest(10));

        shop.Queues.Refused.Clear();
        using var retry = await shop.PlaceAsync("token-0001");
        Assert.Equal(HttpStatusCode.Created, retry.StatusCode);
    }

    [Fact]
    public async Task Orders_placed_while_the_premises_are_away_are_all_processed_once_afterwards()
    {
        await using var shop = await Shop.OpenAsync(withProcessor: false);
        for (int i = 0; i < 20; i++)
        {
            using var answer = await shop.PlaceAsync($"token-{i:0000}");
            answer.EnsureSuccessStatusCode();
        }

        var list = await shop.ListAsync();
        Assert.Equal((20, 20), ((int)list["queued"]!, (int)list["queue"]!["waiting"]!));

        await shop.StartProcessorAsync();
        await Shop.UntilAsync("all are processed", () => shop.Ledger.Summarize().Processed == 20);
        Assert.All(shop.Store.List(100), order => Assert.Equal(1, order.Deliveries));
        Assert.Equal(20, shop.Store.Count());
    }

    [Fact]
    public async Task A_status_that_cannot_be_sent_keeps_the_order_in_the_queue_and_stores_it_once()
    {
        await using var shop = await Shop.OpenAsync();
        shop.Queues.Refused.Add("SendMessage/order-status");
        using var placed = await shop.PlaceAsync("token-0001");
        await Shop.UntilAsync("the order is stored", () => shop.Store.Count() == 1);
        Assert.Single(shop.Queues.Bodies(QueueStub.Orders));
        // The store has it before its status is sent for the first time: only another delivery shows that this has failed.
        await Shop.UntilAsync("the order is delivered again", () =>
        {
            shop.Queues.ReturnAll(QueueStub.Orders);
            return shop.Store.List(10).Single().Deliveries >= 2;
        });

        shop.Queues.Refused.Clear();
        await Shop.UntilAsync("the redelivered order is processed", () =>
        {
            shop.Queues.ReturnAll(QueueStub.Orders);
            return shop.Ledger.Summarize().Processed == 1;
        });
        Assert.Single(shop.Store.List(10));
    }

    [Fact]
    public async Task A_stop_finishes_the_order_in_hand_and_hands_back_the_rest()
    {
        await using var shop = await Shop.OpenAsync(withProcessor: false);
        for (int i = 0; i < 5; i++)
        {
            using var answer = await shop.PlaceAsync($"token-{i:0000}");
        }

        await shop.StartProcessorAsync(work: TimeSpan.FromSeconds(1));
        await Shop.UntilAsync("the batch is in flight", () => shop.Queues.Bodies(QueueStub.Orders).Length == 5 && InFlight(shop) == 5);
        await shop.StopProcessorAsync();

        // One was finished, stored and deleted; the others are visible again without waiting for a timeout.
        Assert.Equal(4, shop.Queues.Bodies(QueueStub.Orders).Length);
        Assert.Equal(0, InFlight(shop));
    }

    [Fact]
    public async Task A_message_that_is_not_an_order_stays_for_the_dead_letter_queue_and_blocks_nothing()
    {
        await using var shop = await Shop.OpenAsync();
        shop.Queues.Put(QueueStub.Orders, "not json");
        shop.Queues.Put(QueueStub.Orders, """{"orderId":"X"}""");
        using var placed = await shop.PlaceAsync("token-0001");
        await Shop.UntilAsync("the order behind them is processed", () => shop.Ledger.Summarize().Processed == 1);
        await Shop.UntilAsync("only the strangers remain", () => shop.Queues.Bodies(QueueStub.Orders).Length == 2);
    }

    [Theory]
    [InlineData("token-0001", "nonsense", "JSON")]
    [InlineData("token-0001", "null", "Enter a name")]
    [InlineData("short", """{"customer":{"name":"A","address":"B"},"lines":[{"sku":"tea","quantity":1}]}""", "token")]
    [InlineData("spaces are not allowed", """{"customer":{"name":"A","address":"B"},"lines":[{"sku":"tea","quantity":1}]}""", "token")]
    [InlineData("token-0001", """{"customer":{"name":" ","address":"B"},"lines":[{"sku":"tea","quantity":1}]}""", "Enter a name")]
    [InlineData("token-0001", """{"customer":{"name":"A"},"lines":[{"sku":"tea","quantity":1}]}""", "Enter an address")]
    [InlineData("token-0001", """{"customer":{"name":"A","address":"B"},"lines":[]}""", "at least one")]
    [InlineData("token-0001", """{"customer":{"name":"A","address":"B"},"lines":[null]}""", "not in the range")]
    [InlineData("token-0001", """{"customer":{"name":"A","address":"B"},"lines":[{"sku":"yacht","quantity":1}]}""", "not in the range")]
    [InlineData("token-0001", """{"customer":{"name":"A","address":"B"},"lines":[{"sku":"tea","quantity":0}]}""", "1 to 99")]
    [InlineData("token-0001", """{"customer":{"name":"A","address":"B"},"lines":[{"sku":"tea","quantity":2147483647}]}""", "1 to 99")]
    [InlineData("token-0001", """{"customer":{"name":"A","address":"B"},"lines":[{"sku":"tea","quantity":1},{"sku":"tea","quantity":1}]}""", "once")]
    public async Task A_faulty_order_is_refused_with_a_reason_and_reaches_no_queue(string token, string body, string reason)
    {
        await using var shop = await Shop.OpenAsync(withProcessor: false);
        using var answer = await shop.PostAsync(token, body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(reason, await answer.Content.ReadAsStringAsync(), StringComparison.OrdinalIgnoreCase);
        Assert.Empty(shop.Queues.Bodies(QueueStub.Orders));
    }

    [Fact]
    public async Task An_oversized_order_is_refused()
    {
        await using var shop = await Shop.OpenAsync(withProcessor: false);
        using var answer = await shop.PlaceAsync("token-0001", name: new string('x', ServiceHost.MaxBodyBytes));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }

    private static int InFlight(Shop shop) => shop.Queues.InFlight(QueueStub.Orders);

    private static IEnumerable<string> Found(string folder, string[] markers)
    {
        var files = Directory.GetFiles(folder, "*", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        return files
            .Select(path =>
            {
                using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                using var text = new StreamReader(file, Encoding.Latin1);
                return text.ReadToEnd();
            })
            .SelectMany(text => markers.Where(marker => text.Contains(marker, StringComparison.OrdinalIgnoreCase)))
            .Distinct();
    }
}
