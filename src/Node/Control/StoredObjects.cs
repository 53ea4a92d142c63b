using System.Text;
using System.Xml;
using System.Xml.Linq;
using Longspan.Api.Shapes;
using Longspan.Wire.Signing;

namespace Longspan.Node.Control;

/// <summary>
/// Reads environment files from S3, which speaks another protocol than our client. Each call is sent once, signed with a task's execution role. What
/// the service answers as an error is thrown as <see cref="AwsError"/>.
/// </summary>
internal sealed class StoredObjects(HttpClient http, Uri endpoint, string region, TimeProvider time)
{
    /// <summary>Larger ones are refused: a process cannot be given more anyway.</summary>
    private const int MaxBytes = 1024 * 1024;

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
