using System.Text.Json;
using System.Text.Json.Serialization;
using Amazon.SQS;
using Microsoft.AspNetCore.Http.HttpResults;
using Orders.Core;

namespace Orders.Api;

internal sealed record OrderList(IReadOnlyList<OrderView> Orders, long Queued, long Processed, QueueView Queue, string ApiNode);

internal sealed record ApiHealth(string Status);

internal static class ApiHost
{
    public const string DefaultFolder = "/data";
    public const string TokenHeader = "Idempotency-Key";

    private const int DefaultListed = 30;
    private const int MostListed = 200;

    public static async Task RunAsync(string[] args)
    {
        var builder = ServiceHost.NewBuilder(args);
        var queues = new QueueNames(builder.Require(QueueNames.OrdersVariable), builder.Require(QueueNames.StatusVariable));
        string folder = builder.Configuration["DATA_DIR"] is { Length: > 0 } set ? set : DefaultFolder;
        var identity = await NodeIdentity.DiscoverAsync(Environment.GetEnvironmentVariable, CancellationToken.None);
        await Build(builder, QueueClients.Create(), queues, folder, identity).RunAsync();
    }

    public static WebApplication Build(
        WebApplicationBuilder builder, IAmazonSQS sqs, QueueNames queues, string folder, NodeIdentity identity)
    {
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default));
        builder.Services.AddSingleton(sqs);
        builder.Services.AddSingleton(queues);
        builder.Services.AddSingleton(identity);
        builder.Services.AddSingleton(_ => new OrderLedger(folder));
        builder.Services.AddSingleton<OrderDesk>();
        builder.Services.AddSingleton<QueueWatch>();
        builder.Services.AddHostedService<StatusIntake>();

        var app = builder.Build();
        app.Services.GetRequiredService<OrderLedger>(); // An unusable volume ends the start, not the first order.
        app.MapGet("/health", () => TypedResults.Ok(new ApiHealth("ok")));
        app.MapPost("/orders", PlaceAsync);
        app.MapGet("/orders", ListAsync);
        app.MapGet("/orders/{id}", Find);
        return app;
    }

    private static async Task<IResult> PlaceAsync(HttpRequest http, HttpResponse answer, OrderDesk desk, TimeProvider clock)
    {
        PlaceOrder? request;
        try
        {
            request = await JsonSerializer.DeserializeAsync(http.Body, ApiJson.Default.PlaceOrder, http.HttpContext.RequestAborted);
        }
        catch (JsonException)
        {
            return Refuse("Not an order", 400, "The body is not the JSON of an order.");
        }
        catch (BadHttpRequestException e)
        {
            return Refuse("Not an order", e.StatusCode, e.StatusCode == 413 ? "The order is too large." : "The body could not be read.");
        }

        string? header = http.Headers[TokenHeader] is [{ Length: > 0 } token] ? token : null;
        var (order, errors) = OrderRules.Check(request, header, clock.GetUtcNow());
        if (order is null)
        {
            return Refuse("Check the order", 400, string.Join(' ', errors.Values), errors);
        }

        var (result, view) = await desk.PlaceAsync(order);
        switch (result)
        {
            case PlaceResult.Placed:
                return TypedResults.Created($"/orders/{order.OrderId}", view);
            case PlaceResult.AlreadyPlaced:
                return TypedResults.Ok(view);
            case PlaceResult.DifferentOrder:
                return Refuse("Token already used", 409, "This token belongs to another order. Use a new token for a new order.");
            default:
                answer.Headers.RetryAfter = "2";
                return Refuse("Orders cannot be taken right now", 503, "The order was not accepted. Send it again with the same token.");
        }
    }

    private static async Task<IResult> ListAsync(
        int? limit, OrderLedger ledger, QueueWatch watch, NodeIdentity identity, CancellationToken stop)
    {
        var summary = ledger.Summarize();
        var queue = await watch.LookAsync(summary.OldestQueuedAt, stop);
        var orders = ledger.Newest(Math.Clamp(limit ?? DefaultListed, 1, MostListed));
        return TypedResults.Ok(new OrderList(orders, summary.Queued, summary.Processed, queue, identity.Node));
    }

    private static IResult Find(string id, OrderLedger ledger) =>
        ledger.Find(id) is { } order ? TypedResults.Ok(order) : Refuse("No such order", 404, "There is no order with this id.");

    private static JsonHttpResult<Problem> Refuse(
        string title, int status, string detail, IReadOnlyDictionary<string, string>? errors = null) =>
        TypedResults.Json(new Problem(title, status, detail, errors), ApiJson.Default.Problem, "application/problem+json", status);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PlaceOrder))]
[JsonSerializable(typeof(OrderView))]
[JsonSerializable(typeof(OrderList))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(ApiHealth))]
internal sealed partial class ApiJson : JsonSerializerContext;
