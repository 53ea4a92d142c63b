using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Longspan.Cli.Embedded;

namespace Longspan.System.Tests.Embedded;

/// <summary>A customer who orders over HTTP, through the page's own address.</summary>
internal sealed class Shop(EmbeddedRun run) : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(15) };

    public Uri Page => run.WebPage;

    /// <summary>The id of the order if it was accepted, else null. Whoever gets null may not rely on the order.</summary>
    public async Task<string?> TryPlaceAsync(string token, string name = "Test Customer", string address = "1 Test Quay")
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(run.WebPage, "api/orders"));
            request.Headers.Add("Idempotency-Key", token);
            request.Content = JsonContent.Create(new { customer = new { name, address }, lines = new[] { new { sku = "tea", quantity = 2 } } });
            using var answer = await _http.SendAsync(request);
            return answer.StatusCode is HttpStatusCode.Created or HttpStatusCode.OK
                ? (string)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["orderId"]!
                : null;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            return null;
        }
    }

    public async Task<string> PlaceAsync(string token, string name = "Test Customer", string address = "1 Test Quay") =>
        await TryPlaceAsync(token, name, address) ?? throw new InvalidOperationException($"The shop did not take order {token}.");

    /// <summary>QUEUED, PROCESSED, or ABSENT.</summary>
    public async Task<JsonNode> StatusAsync(string orderId)
    {
        using var answer = await _http.GetAsync(new Uri($"http://localhost:{run.ApiPort}/orders/{orderId}"));
        if (answer.StatusCode == HttpStatusCode.NotFound)
        {
            return new JsonObject { ["orderId"] = orderId, ["status"] = "ABSENT" };
        }
        answer.EnsureSuccessStatusCode();
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
    }

    /// <summary>Waits until every one of these orders is processed.</summary>
    public async Task ProcessedAsync(IEnumerable<string> orderIds, TimeSpan? limit = null)
    {
        var open = orderIds.ToHashSet(StringComparer.Ordinal);
        var all = open.Count;
        await Soon.SeeAsync($"all {all} orders are processed", async () =>
        {
            foreach (var id in open.ToArray())
            {
                if ((string)(await StatusAsync(id))["status"]! == "PROCESSED")
                {
                    open.Remove(id);
                }
            }
            return open;
        }, seen => seen.Count == 0, limit, seen => $"{seen.Count} of {all} are not, among them {seen.First()}");
    }

    /// <summary>Null when the page answered, else what came instead.</summary>
    public async Task<string?> FaultOfPageAsync()
    {
        try
        {
            using var answer = await _http.GetAsync(run.WebPage);
            return answer.IsSuccessStatusCode ? null : $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            return error.Message;
        }
    }

    public void Dispose() => _http.Dispose();
}
