using Microsoft.AspNetCore.Http;

namespace Longspan.Kernel;

/// <summary>
/// Where a caller reached the server: what it put into <c>Host</c>. Answers with URLs use it, so they work from where the caller is, and the
/// caller is the only one they are told to.
/// </summary>
public static class RequestEndpoint
{
    /// <summary>Requests of HTTP/1.0 may have no host; the name of this machine for itself is as good a guess as any.</summary>
    /// <param name="usual">The server's own address, which most callers use: it is not parsed again for each of their calls.</param>
    public static Uri Of(HttpRequest request, Uri usual) =>
        request.Host.Value == usual.Authority && request.Scheme == usual.Scheme ? usual
        : Uri.TryCreate($"{request.Scheme}://{request.Host.Value}", UriKind.Absolute, out var uri) ? uri : new Uri($"{request.Scheme}://localhost");
}
