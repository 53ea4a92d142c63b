using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orders.Core;

/// <summary>
/// Where this process runs, as far as it can tell: <c>NODE_NAME</c> and <c>SITE</c> when set; otherwise what the ECS metadata
/// endpoint knows (availability zone, container instance or task); otherwise the host name.
/// </summary>
public sealed record NodeIdentity(string Node, string Site)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public static async Task<NodeIdentity> DiscoverAsync(Func<string, string?> variable, CancellationToken stop)
    {
        string? node = NotEmpty(variable("NODE_NAME"));
        string? site = NotEmpty(variable("SITE"));
        if ((node is null || site is null) && NotEmpty(variable("ECS_CONTAINER_METADATA_URI_V4")) is { } address)
        {
            var task = await AskAsync(address + "/task", stop);
            site ??= NotEmpty(task?.AvailabilityZone);
            node ??= LastSegment(NotEmpty(task?.ContainerInstanceArn) ?? NotEmpty(task?.TaskArn));
        }

        return new NodeIdentity(node ?? Environment.MachineName, site ?? "unknown");
    }

    private static async Task<TaskMetadata?> AskAsync(string address, CancellationToken stop)
    {
        using var http = new HttpClient { Timeout = Patience };
        try
        {
            return await http.GetFromJsonAsync(address, MetadataJson.Default.TaskMetadata, stop);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or UriFormatException or InvalidOperationException
            || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            return null; // Identity is for display. A service must start where there is no metadata endpoint.
        }
    }

    private static string? NotEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    private static string? LastSegment(string? arn) => arn?[(arn.LastIndexOf('/') + 1)..];
}

internal sealed record TaskMetadata(
    [property: JsonPropertyName("AvailabilityZone")] string? AvailabilityZone,
    [property: JsonPropertyName("TaskARN")] string? TaskArn,
    [property: JsonPropertyName("ContainerInstanceARN")] string? ContainerInstanceArn);

[JsonSerializable(typeof(TaskMetadata))]
internal sealed partial class MetadataJson : JsonSerializerContext;
