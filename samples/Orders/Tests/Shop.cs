using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Orders.Api;
using Orders.Core;
using Orders.Processor;

namespace Orders.Tests;

/// <summary>The whole shop in one process: queue stub, orders API and processor, each on a port of its own with a folder of its own.</summary>
internal sealed class Shop : IAsyncDisposable
{
    private static readonly QueueNames Names = new(QueueStub.Orders, QueueStub.Status);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("orders-");
    private WebApplication? api;
    private WebApplication? processor;

    private Shop(QueueStub queues) => Queues = queues;

    public QueueStub Queues { get; }

    public HttpClient Client { get; private set; } = new();

    public string ApiFolder => Path.Combine(folder.FullName, "cloud");

    public string ProcessorFolder => Path.Combine(folder.FullName, "premises");

    public OrderLedger Ledger => api!.Services.GetRequiredService<OrderLedger>();

    public OrderStore Store => processor!.Services.GetRequiredService<OrderStore>();

    public static async Task<Shop> OpenAsync(bool withProcessor = true)
    {
        var shop = new Shop(await QueueStub.StartAsync());
        await shop.StartApiAsync();
        if (withProcessor)
        {
            await shop.StartProcessorAsync();
        }

        return shop;
    }

    public async Task StartApiAsync()
    {
        api = ApiHost.Build(NewBuilder(), Queues.Client(), Names, ApiFolder, new NodeIdentity("cloud-1", "cloud"));
        await api.StartAsync();
        Client.Dispose();
        Client = new HttpClient { BaseAddress = new Uri(QueueStub.AddressOf(api)) };
    }

    public async Task StopApiAsync()
    {
        await api!.DisposeAsync();
        api = null;
    }

    public async Task StartProcessorAsync(TimeSpan work = default)
    {
        var settings = new IntakeSettings(work, new NodeIdentity("onprem-1", "on-premises"));
        processor = ProcessorHost.Build(NewBuilder(), Queues.Client(), Names, settings, ProcessorFolder);
        await processor.StartAsync();
    }

    public async Task StopProcessorAsync()
    {
        await processor!.StopAsync();
        await processor.DisposeAsync();
        processor = null;
    }

    public Task<HttpResponseMessage> PlaceAsync(string token, string name = "Ada", string address = "1 Quay", int quantity = 2)
    {
        var body = new JsonObject
        {
            ["customer"] = new JsonObject { ["name"] = name, ["address"] = address },
            ["lines"] = new JsonArray(new JsonObject { ["sku"] = "tea", ["quantity"] = quantity }),
        };
        return PostAsync(token, body.ToJsonString());
    }

    public async Task<HttpResponseMessage> PostAsync(string? token, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders") { Content = new StringContent(body) };
        if (token is not null)
        {
            request.Headers.Add(ApiHost.TokenHeader, token);
        }

        return await Client.SendAsync(request);
    }

    public async Task<JsonObject> ListAsync() => (await Client.GetFromJsonAsync<JsonObject>("/orders"))!;

    /// <summary>Waits for a state by name, so that a failure says what never came true.</summary>
    public static async Task UntilAsync(string state, Func<bool> holds)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!holds())
        {
            try
            {
                await tick.WaitForNextTickAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"Not reached within {Deadline}: {state}");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        foreach (var app in new[] { api, processor }.OfType<WebApplication>())
        {
            await app.DisposeAsync();
        }

        await Queues.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private static WebApplicationBuilder NewBuilder()
    {
        var builder = ServiceHost.NewBuilder([]);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        return builder;
    }
}
