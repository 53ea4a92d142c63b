using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orders.Core;

namespace Orders.Web;

internal sealed record WebHealth(string Status);

internal sealed record WebProblem(string Title, int Status, string Detail);

/// <summary>
/// Serves the page and passes its two calls on to the orders API, so that a browser needs one address only. It keeps nothing: a
/// web task may be replaced at any moment, and the page repeats what was interrupted.
/// </summary>
internal static class WebHost
{
    public const string ApiVariable = "ORDERS_API_URL";

    private const int MaxAnswerBytes = 1024 * 1024;
    private const string NodeHeader = "X-Web-Node";
    private const string TokenHeader = "Idempotency-Key";
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(8);

    public static async Task RunAsync(string[] args)
    {
        var builder = ServiceHost.NewBuilder(args);
        var api = new Uri(builder.Require(ApiVariable).TrimEnd('/') + "/");
        var identity = await NodeIdentity.DiscoverAsync(Environment.GetEnvironmentVariable, CancellationToken.None);
        await Build(builder, api, identity).RunAsync();
    }

    public static WebApplication Build(WebApplicationBuilder builder, Uri api, NodeIdentity identity)
    {
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, WebJson.Default));
        builder.Services.AddSingleton(_ => new HttpClient(new SocketsHttpHandler
        {
            // The API's task moves; a short-lived connection follows it to its new address.
            PooledConnectionLifetime = TimeSpan.FromSeconds(30),
            ConnectTimeout = TimeSpan.FromSeconds(2),
            AllowAutoRedirect = false,
        })
        {
            BaseAddress = api,
            Timeout = AnswerWithin,
            MaxResponseContentBufferSize = MaxAnswerBytes,
        });

        var app = builder.Build();
        app.Use((context, next) =>
        {
            var headers = context.Response.Headers;
            headers.ContentSecurityPolicy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "no-referrer";
            headers[NodeHeader] = identity.Node;
            return next(context);
        });
        app.UseDefaultFiles();
        app.UseStaticFiles(new StaticFileOptions
        {
            // Revalidated by entity tag, so that a rollout shows at once.
            OnPrepareResponse = file => file.Context.Response.Headers.CacheControl = "no-cache",
        });
        app.MapGet("/health", () => TypedResults.Ok(new WebHealth("ok")));
        app.MapGet("/api/catalogue", () => TypedResults.Ok(Catalogue.Articles));
        app.MapGet(
            "/api/orders",
            (HttpContext context, HttpClient http) => PassOnAsync(context, http, new HttpRequestMessage(HttpMethod.Get, "orders")));
        app.MapPost("/api/orders", PlaceAsync);
        return app;
    }

    private static async Task PlaceAsync(HttpContext context, HttpClient http)
    {
        // Read whole before it is passed on: it is small, and a slow browser must not hold a connection to the API.
        using var body = new MemoryStream();
        try
        {
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        }
        catch (BadHttpRequestException e)
        {
            const string detail = "The order is too large or broke off.";
            await RefuseAsync(context.Response, "Not an order", e.StatusCode, detail, context.RequestAborted);
            return;
        }

        var request = new HttpRequestMessage(HttpMethod.Post, "orders") { Content = new ByteArrayContent(body.ToArray()) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (context.Request.Headers[TokenHeader] is [{ Length: > 0 and <= OrderIds.MaxTokenLength } token])
        {
            request.Headers.TryAddWithoutValidation(TokenHeader, token);
        }

        await PassOnAsync(context, http, request);
    }

    private static async Task PassOnAsync(HttpContext context, HttpClient http, HttpRequestMessage request)
    {
        var stop = context.RequestAborted;
        var response = context.Response;
        response.Headers.CacheControl = "no-store";
        try
        {
            using (request)
            using (var answer = await http.SendAsync(request, stop))
            {
                response.StatusCode = (int)answer.StatusCode;
                response.ContentType = answer.Content.Headers.ContentType?.ToString();
                if (answer.Headers.RetryAfter is { } retryAfter)
                {
                    response.Headers.RetryAfter = retryAfter.ToString();
                }

                await answer.Content.CopyToAsync(response.Body, stop);
            }
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException
            && !stop.IsCancellationRequested && !response.HasStarted)
        {
            response.Headers.RetryAfter = "2";
            const string detail = "The orders API cannot be reached. Try again in a moment.";
            await RefuseAsync(response, "The shop is not answering", 503, detail, stop);
        }
    }

    private static Task RefuseAsync(HttpResponse response, string title, int status, string detail, CancellationToken stop)
    {
        response.StatusCode = status;
        return response.WriteAsJsonAsync(new WebProblem(title, status, detail), WebJson.Default.WebProblem, "application/problem+json", stop);
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(WebHealth))]
[JsonSerializable(typeof(WebProblem))]
[JsonSerializable(typeof(IReadOnlyList<Article>))]
internal sealed partial class WebJson : JsonSerializerContext;
