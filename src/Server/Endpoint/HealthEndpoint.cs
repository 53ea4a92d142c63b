using Microsoft.AspNetCore.Http;

namespace Longspan.Server.Endpoint;

/// <summary><c>GET /health</c>, unsigned: 200 once the server serves. It tells nothing that an outsider could use.</summary>
internal static class HealthEndpoint
{
    public static Task HandleAsync(HttpContext http)
    {
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync("""{"status":"ok"}""", http.RequestAborted);
    }
}
