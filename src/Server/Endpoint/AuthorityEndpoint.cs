using Longspan.Server.Transport;
using Microsoft.AspNetCore.Http;

namespace Longspan.Server.Endpoint;

/// <summary>
/// <c>GET /_longspan/ca.pem</c>, unsigned: the certificate of the authority behind the server's own, which is no secret. A node that joins asks for
/// it and believes it only because its key is the one that the join token names.
/// </summary>
internal static class AuthorityEndpoint
{
    public const string Path = "/_longspan/ca.pem";

    public static Task HandleAsync(HttpContext http, ServerCertificates certificates)
    {
        if (certificates.Current.Authority is not { } authority)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }
        http.Response.ContentType = "application/x-pem-file";
        return http.Response.WriteAsync(authority, http.RequestAborted);
    }
}
