using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Orders.Core;
using Orders.Web;

namespace Orders.Tests;

public sealed class WebTests
{
    [Fact]
    public async Task The_page_comes_with_its_files_and_a_strict_content_policy()
    {
        await using var web = await StartAsync(new Uri("http://127.0.0.1:9/"));
        using var client = Client(web);
        using var page = await client.GetAsync("/");
        Assert.Equal("text/html", page.Content.Headers.ContentType!.MediaType);
        Assert.Contains("default-src 'self'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        foreach (string file in new[] { "app.css", "app.js", "icon.svg" })
        {
            Assert.Contains($"\"{file}\"", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            using var answer = await client.GetAsync("/" + file);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        var catalogue = await client.GetFromJsonAsync<JsonArray>("/api/catalogue");
        Assert.Equal(Catalogue.Articles.Select(article => article.Sku), catalogue!.Select(article => (string)article!["sku"]!));
    }

    [Fact]
    public async Task Orders_pass_through_with_their_token_and_refusals_keep_their_status()
    {
        await using var shop = await Shop.OpenAsync(withProcessor: false);
        await using var web = await StartAsync(shop.Client.BaseAddress!);
        using var client = Client(web);
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(client, "{}"));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await PostAsync(client, new string(' ', ServiceHost.MaxBodyBytes + 1)));
        const string order = """{"customer":{"name":"Ada","address":"1 Quay"},"lines":[{"sku":"tea","quantity":1}]}""";
        Assert.Equal(HttpStatusCode.Created, await PostAsync(client, order));
        Assert.Equal(HttpStatusCode.OK, await PostAsync(client, order));
        var list = await client.GetFromJsonAsync<JsonObject>("/api/orders");
        Assert.Equal(OrderIds.FromToken("token-0001"), (string)list!["orders"]![0]!["orderId"]!);

        shop.Queues.Refused.Add("SendMessage/orders");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await PostAsync(client, order, "token-0002"));
    }

    [Fact]
    public async Task An_API_that_is_away_is_a_503_and_the_page_stays_up()
    {
        await using var web = await StartAsync(new Uri("http://127.0.0.1:9/"));
        using var client = Client(web);
        using var answer = await client.GetAsync("/api/orders");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
        using var health = await client.GetAsync("/health");
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
    }

    private static async Task<HttpStatusCode> PostAsync(HttpClient client, string body, string token = "token-0001")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/orders") { Content = new StringContent(body) };
        request.Headers.Add("Idempotency-Key", token);
        using var answer = await client.SendAsync(request);
        return answer.StatusCode;
    }

    private static HttpClient Client(WebApplication web) => new() { BaseAddress = new Uri(QueueStub.AddressOf(web)) };

    private static async Task<WebApplication> StartAsync(Uri api)
    {
        var builder = ServiceHost.NewBuilder([]);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var web = WebHost.Build(builder, api, new NodeIdentity("cloud-1", "cloud"));
        await web.StartAsync();
        return web;
    }
}
