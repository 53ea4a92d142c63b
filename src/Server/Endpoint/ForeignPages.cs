using System.Net;
using Microsoft.AspNetCore.Http;

namespace Longspan.Server.Endpoint;

/// <summary>
/// With <c>--accept-any-credentials</c> nothing is proved by a signature, so being on this machine is all that protects the server. A
/// browser on this machine is there too, and runs the pages of strangers: forms that post to loopback, and host names of theirs that
/// suddenly resolve to it. What such a page asks gives itself away by <c>Origin</c> or by <c>Host</c>; AWS clients send no <c>Origin</c>.
/// </summary>
internal static class ForeignPages
{
    public static bool IsAsking(HttpRequest request)
    {
        var origin = request.Headers.Origin.ToString();
        return !IsThisMachine(request.Host.Host)
            || origin.Length > 0 && !(Uri.TryCreate(origin, UriKind.Absolute, out var page) && IsThisMachine(page.Host));
    }

    public static Task RefuseAsync(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status403Forbidden;
        return http.Response.WriteAsync("With --accept-any-credentials the server is reached by localhost or a loopback address only.", http.RequestAborted);
    }

    private static bool IsThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address);
}
