using System.Globalization;
using System.Text;
using Amazon.SQS.Model;
using Longspan.Cli.Embedded;
using Microsoft.Playwright;
using Xunit;

namespace Longspan.System.Tests.Embedded;

/// <summary>What the stretched system promises to a shop: orders arrive, over a cut too, and the cloud does not know whose they are.</summary>
[Collection(EmbeddedTests.Name)]
public sealed class StretchTests(EmbeddedSystem system)
{
    [BrowserFact]
    public async Task An_order_placed_in_the_page_is_processed_on_premises()
    {
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = BrowserFactAttribute.Chromium, Headless = true, Args = ["--disable-dev-shm-usage", "--disable-gpu"],
        });
        var page = await (await browser.NewContextAsync()).NewPageAsync();
        page.SetDefaultTimeout(30_000);
        await page.GotoAsync(system.Shop.Page.ToString());
        await page.GetByRole(AriaRole.Button, new() { Name = "One Harbour tea more" }).ClickAsync();
        await page.Locator("#name").FillAsync("Ada Brown");
        await page.Locator("#address").FillAsync("7 Pier Road");
        await page.Locator("#place-order").ClickAsync();

        var row = page.Locator("[data-order-id].mine").First;
        await Assertions.Expect(row).ToHaveAttributeAsync("data-status", "PROCESSED", new() { Timeout = 30_000 });
        await Assertions.Expect(row).ToContainTextAsync(Topology.PremisesNode);
    }

    [EmbeddedFact]
    public async Task Orders_placed_during_a_cut_wait_in_the_queue_and_are_processed_once()
    {
        const int Orders = 20;
        var before = await system.Shop.PlaceAsync("before-the-cut-0001");
        await system.Shop.ProcessedAsync([before]);

        await system.CutAsync();
        var placed = new List<string>();
        try
        {
            Assert.Equal("cut", (string?)(await system.StatusAsync())["sites"]![1]!["link"]);
            for (var i = 0; i < Orders; i++)
            {
                placed.Add(await system.Shop.PlaceAsync($"during-the-cut-{i:0000}"));
            }
            Assert.Equal(Orders, placed.Distinct().Count());
            var queue = (await system.Queues.GetQueueUrlAsync("orders")).QueueUrl;
            await Soon.SeeAsync($"{Orders} orders wait in the queue", () => DepthAsync(queue), depth => depth == Orders);
            foreach (var id in placed)
            {
                Assert.Equal("QUEUED", (string?)(await system.Shop.StatusAsync(id))["status"]);
            }
        }
        finally
        {
            await system.HealAsync();
        }

        // The long poll that the cut left open takes the first orders with it; they come back when their visibility time-out is over.
        await system.Shop.ProcessedAsync(placed, TimeSpan.FromMinutes(2));
        var stored = (await system.ProcessorStoreAsync()).Select(order => (string)order["orderId"]!).ToArray();
        foreach (var id in placed)
        {
            Assert.Single(stored, id);
        }
    }

    [EmbeddedFact]
    public async Task The_cloud_keeps_no_byte_of_a_customers_name_or_address()
    {
        const string Name = "Marker Zwetschgenbaum";
        const string Address = "4711 Verwunschene Gasse";
        var id = await system.Shop.PlaceAsync("privacy-order-0001", Name, Address);
        await AssertCloudKeepsAsync(id, Name, Address);
        await system.Shop.ProcessedAsync([id]);
        await AssertCloudKeepsAsync(id, Name, Address);
        Assert.Contains(await system.ProcessorStoreAsync(), order => (string)order["name"]! == Name && (string)order["address"]! == Address);
    }

    private async Task AssertCloudKeepsAsync(string kept, params string[] unknown)
    {
        var container = Assert.Single(await system.ContainersAsync("orders-api"));
        var folder = (await Tool.RunAsync("docker", ["inspect", "-f", """{{range .Mounts}}{{if eq .Destination "/data"}}{{.Source}}{{end}}{{end}}""", container], default)).Trim();
        var files = Directory.GetFiles(folder, "*", SearchOption.AllDirectories);
        var bytes = files.Select(Read).ToArray();
        Assert.Contains(bytes, content => content.AsSpan().IndexOf(Encoding.UTF8.GetBytes(kept)) >= 0);
        foreach (var text in unknown)
        {
            Assert.DoesNotContain(bytes, content => content.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0);
        }
    }

    private static byte[] Read(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    // Messages that the processor had fetched when the link went are in flight until their visibility time-out; they wait as well.
    private async Task<int> DepthAsync(string queue)
    {
        var answer = await system.Queues.GetQueueAttributesAsync(new GetQueueAttributesRequest
        {
            QueueUrl = queue, AttributeNames = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        });
        return answer.Attributes.Values.Sum(value => int.Parse(value, CultureInfo.InvariantCulture));
    }
}
