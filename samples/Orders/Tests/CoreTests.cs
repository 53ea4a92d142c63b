using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Orders.Core;

namespace Orders.Tests;

public sealed class CoreTests
{
    [Fact]
    public void Order_ids_follow_the_token_and_can_be_read_aloud()
    {
        Assert.Equal(OrderIds.FromToken("token-0001"), OrderIds.FromToken("token-0001"));
        var ids = Enumerable.Range(0, 5000).Select(i => OrderIds.FromToken($"token-{i}")).ToHashSet();
        Assert.Equal(5000, ids.Count);
        Assert.All(ids, id => Assert.Matches("^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$", id));
    }

    [Fact]
    public void An_order_that_is_formatted_into_a_log_shows_no_customer()
    {
        var order = new OrderMessage("A", DateTimeOffset.UnixEpoch, new Customer("Ada", "1 Quay"), [], 0);
        Assert.DoesNotContain("Ada", order.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("Quay", order.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, null, 8080)]
    [InlineData("9000", null, 9000)]
    [InlineData("9000;9001", null, 9000)]
    [InlineData("9000", "http://+:7000", 7000)]
    [InlineData(null, "http://127.0.0.1:7000/;http://[::1]:1", 7000)]
    public void The_health_probe_asks_where_the_service_listens(string? ports, string? urls, int port) =>
        Assert.Equal(port, HealthProbe.PortOf(name => name == "ASPNETCORE_URLS" ? urls : name == "ASPNETCORE_HTTP_PORTS" ? ports : null));

    [Theory]
    [InlineData(200, true)]
    [InlineData(503, false)]
    public async Task The_health_probe_believes_only_a_200(int status, bool healthy)
    {
        await using var app = await ServeAsync("/health", status, "");
        Assert.Equal(healthy, await HealthProbe.AnswersOkAsync(new Uri(QueueStub.AddressOf(app)).Port, CancellationToken.None));
    }

    [Fact]
    public async Task The_node_is_named_by_the_environment_then_by_the_metadata_endpoint_then_by_the_host()
    {
        await using var app = await ServeAsync("/v4/x/task", 200, """{"AvailabilityZone":"on-premises","TaskARN":"arn:aws:ecs:us-east-1:123456789012:task/default/abc"}""");
        string metadata = QueueStub.AddressOf(app) + "/v4/x";
        Assert.Equal(new NodeIdentity("onprem-1", "here"), await Discover(("NODE_NAME", "onprem-1"), ("SITE", "here"), ("ECS_CONTAINER_METADATA_URI_V4", metadata)));
        Assert.Equal(new NodeIdentity("onprem-1", "on-premises"), await Discover(("NODE_NAME", "onprem-1"), ("ECS_CONTAINER_METADATA_URI_V4", metadata)));
        Assert.Equal(new NodeIdentity("abc", "on-premises"), await Discover(("ECS_CONTAINER_METADATA_URI_V4", metadata)));
        Assert.Equal(new NodeIdentity(Environment.MachineName, "unknown"), await Discover(("ECS_CONTAINER_METADATA_URI_V4", QueueStub.AddressOf(app))));
        Assert.Equal(new NodeIdentity(Environment.MachineName, "unknown"), await Discover());
    }

    private static Task<NodeIdentity> Discover(params (string Name, string Value)[] variables) =>
        NodeIdentity.DiscoverAsync(name => variables.FirstOrDefault(variable => variable.Name == name).Value, CancellationToken.None);

    private static async Task<WebApplication> ServeAsync(string path, int status, string json)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapGet(path, (RequestDelegate)(context =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = "application/json";
            return context.Response.WriteAsync(json);
        }));
        await app.StartAsync();
        return app;
    }
}
