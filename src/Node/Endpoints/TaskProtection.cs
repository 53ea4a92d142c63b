using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Longspan.Api.Ecs;
using Longspan.Api.Shapes;
using Longspan.Node.Control;
using Longspan.Node.Tasks;
using Longspan.Wire.Signing;
using Microsoft.AspNetCore.Http;

namespace Longspan.Node.Endpoints;

/// <summary>
/// <c>$ECS_AGENT_URI/task-protection/v1/state</c>: a container reads and sets its own task's protection. The node asks the server with the
/// task's role, not with its own keys, so the role's policies decide; a task without a role cannot use this, as on Amazon's agent.
/// </summary>
internal sealed class TaskProtection(NodeSettings settings, CredentialStore credentials)
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(4);
    private static readonly JsonObject s_none = [];

    /// <param name="runner">The task of the container that asks; null when there is none.</param>
    /// <param name="server">Null until the node has one.</param>
    public async Task<(int Status, JsonObject Body)> AnswerAsync(HttpRequest request, TaskRunner? runner, ControlPlane? server)
    {
        var isPut = HttpMethods.IsPut(request.Method);
        if (!isPut && !HttpMethods.IsGet(request.Method))
        {
            return Error(405, "", "ClientException", "Only GET and PUT are known here");
        }
        var wish = isPut ? await ReadAsync(request) : s_none;
        if (wish is null)
        {
            return Error(400, "", "InvalidParameterException", "UpdateTaskProtection: failed to decode request");
        }
        if (runner is null || server is null)
        {
            return Error(404, "", "ResourceNotFoundException", "Failed to find a task for the request");
        }
        var arn = runner.Task.Arn;
        var enabled = (bool?)wish["ProtectionEnabled"];
        if (isPut && enabled is null)
        {
            return Error(400, arn, "InvalidParameterException", "Invalid request: does not contain 'ProtectionEnabled' field");
        }
        if (credentials.Get(runner.Task.RoleCredentialsId) is not { } found)
        {
            return Error(403, arn, "AccessDeniedException", "Invalid Request: no task IAM role credentials available for task");
        }
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(request.HttpContext.RequestAborted);
        limit.CancelAfter(CallTimeout);
        try
        {
            var role = new AwsCredentials(found.AccessKeyId!, found.SecretAccessKey!, found.SessionToken);
            var cluster = runner.Task.Task.TaskClusterArn ?? settings.Cluster;
            var (protection, failure) = await server.ProtectionAsync(cluster, arn, enabled, (int?)wish["ExpiresInMinutes"], role, limit.Token);
            return (200, failure is null ? Protection(protection, arn) : Failure(failure));
        }
        catch (AwsError refusal)
        {
            return Error(refusal.HttpStatus, arn, refusal.Code, refusal.Message);
        }
        catch (OperationCanceledException) when (!request.HttpContext.RequestAborted.IsCancellationRequested)
        {
            return Error(504, arn, "RequestCanceled", "Timed out calling ECS Task Protection API");
        }
        catch (Exception e) when (e is HttpRequestException or InvalidDataException)
        {
            return Error(500, arn, "RequestError", "The server could not be reached");
        }
    }

    // The two members in any case, as Go reads them; anything else, or of another type, is refused. The listener bounds the body.
    private static async Task<JsonObject?> ReadAsync(HttpRequest request)
    {
        try
        {
            using var body = await JsonDocument.ParseAsync(request.Body, default, request.HttpContext.RequestAborted);
            var wish = new JsonObject();
            foreach (var member in body.RootElement.EnumerateObject())
            {
                if (member.Value.ValueKind == JsonValueKind.Null)
                {
                    continue;
                }
                if (member.Name.Equals("ProtectionEnabled", StringComparison.OrdinalIgnoreCase))
                {
                    wish["ProtectionEnabled"] = member.Value.GetBoolean();
                }
                else if (member.Name.Equals("ExpiresInMinutes", StringComparison.OrdinalIgnoreCase))
                {
                    wish["ExpiresInMinutes"] = member.Value.GetInt32();
                }
                else
                {
                    return null;
                }
            }
            return wish;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or BadHttpRequestException)
        {
            return null;
        }
    }

    private static JsonObject Protection(ProtectedTask? task, string arn) => new()
    {
        ["protection"] = new JsonObject
        {
            ["ExpirationDate"] = task?.ExpirationDate?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            ["ProtectionEnabled"] = task?.ProtectionEnabled ?? false,
            ["TaskArn"] = task?.TaskArn ?? arn,
        },
    };

    private static JsonObject Failure(Failure failure) => new()
    {
        ["failure"] = new JsonObject { ["Arn"] = failure.Arn, ["Detail"] = failure.Detail, ["Reason"] = failure.Reason },
    };

    private static (int Status, JsonObject Body) Error(int status, string arn, string code, string message) =>
        (status, new JsonObject { ["error"] = new JsonObject { ["Arn"] = arn, ["Code"] = code, ["Message"] = message } });
}
