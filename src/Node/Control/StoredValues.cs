using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml;
using System.Xml.Linq;
using Longspan.Api.Shapes;
using Longspan.Node.Injection;
using Longspan.Wire.Signing;

namespace Longspan.Node.Control;

/// <summary>
/// Reads what the node needs of Secrets Manager and S3: one operation of each. Each call is sent once, signed with a task's execution role.
/// What the service answers as an error is thrown as <see cref="AwsError"/>.
/// </summary>
internal sealed class StoredValues(HttpClient http, Uri endpoint, string region, TimeProvider time)
{
    /// <summary>Larger ones are refused: environment files and secrets are read, and a process cannot be given more anyway.</summary>
    private const int MaxBytes = 1024 * 1024;

    /// <summary>The text of a secret.</summary>
    public async Task<string> SecretAsync(SecretReference secret, string inRegion, AwsCredentials role, CancellationToken stop)
    {
        var call = new JsonObject { ["SecretId"] = secret.SecretId };
        if (secret.VersionId is not null)
        {
            call["VersionId"] = secret.VersionId;
        }
        if (secret.VersionStage is not null)
        {
            call["VersionStage"] = secret.VersionStage;
        }
        var content = Encoding.UTF8.GetBytes(call.ToJsonString());
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new ByteArrayContent(content) };
        request.Content.Headers.ContentType = new("application/x-amz-json-1.1");
        request.Headers.Add("X-Amz-Target", "secretsmanager.GetSecretValue");
        SigV4Signer.Sign(request, content, role, inRegion, "secretsmanager", time.GetUtcNow());
        var (status, body) = await SendAsync(request, stop);
        var answer = ReadJson(body);
        if (status is < 200 or > 299)
        {
            var code = Text(answer, "__type") ?? $"Status {status}";
            throw new AwsError(code[(code.IndexOf('#', StringComparison.Ordinal) + 1)..], Text(answer, "message") ?? Text(answer, "Message") ?? "", status);
        }
        return Text(answer, "SecretString") ?? throw new AwsError("InvalidSecret", "the secret has no text, or is not there as text");
    }

    /// <summary>A small object of S3.</summary>
    public async Task<byte[]> ObjectAsync(string bucket, string key, AwsCredentials role, CancellationToken stop)
    {
        var path = $"{Uri.EscapeDataString(bucket)}/{string.Join('/', key.Split('/').Select(Uri.EscapeDataString))}";
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(endpoint, "/" + path));
        SigV4Signer.Sign(request, [], role, region, "s3", time.GetUtcNow());
        var (status, body) = await SendAsync(request, stop);
        return status is >= 200 and <= 299 ? body : throw S3Error(status, body);
    }

    private async Task<(int Status, byte[] Body)> SendAsync(HttpRequestMessage request, CancellationToken stop)
    {
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        await answer.Content.LoadIntoBufferAsync(MaxBytes, stop);
        return ((int)answer.StatusCode, await answer.Content.ReadAsByteArrayAsync(stop));
    }

    private static JsonObject? ReadJson(byte[] body)
    {
        try
        {
            return JsonNode.Parse(body) as JsonObject;
        }
        catch (JsonException)
        {
            // Its message could quote the secret.
            return null;
        }
    }

    private static string? Text(JsonObject? answer, string name) => answer?[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private static AwsError S3Error(int status, byte[] body)
    {
        var (code, message) = ("", "");
        try
        {
            // The reader takes no document types, so nothing is fetched or expanded.
            var error = XDocument.Parse(Encoding.UTF8.GetString(body)).Root;
            (code, message) = (error?.Element("Code")?.Value ?? "", error?.Element("Message")?.Value ?? "");
        }
        catch (XmlException)
        {
        }
        return new AwsError(code.Length > 0 ? code : $"Status {status}", message, status);
    }
}
