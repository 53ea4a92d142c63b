using System.Text;
using Longspan.Api.Ecr;
using Longspan.Api.Shapes;
using Longspan.Kernel;
using Longspan.Services.Ecr.Rules;
using Longspan.Store.Blobs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Longspan.Services.Ecr.Registry;

/// <summary>
/// The OCI distribution API on the same port: what <c>docker</c>, <c>podman</c> and <c>skopeo</c> push to and pull from. Names hold slashes, so
/// the path is taken apart here. Every request carries the password of an authorization token; the token names account and region.
/// </summary>
internal sealed class RegistryEndpoints(Cloud cloud, BlobStore blobs, RegistryTokens tokens)
{
    public void Map(IEndpointRouteBuilder routes) => routes.Map("/v2/{**path}", HandleAsync);

    private async Task HandleAsync(HttpContext http)
    {
        http.Response.Headers["Docker-Distribution-Api-Version"] = "registry/2.0";
        var path = (string?)http.Request.RouteValues["path"] ?? "";
        try
        {
            if (Authorize(http) is not { } claims || claims.OnlyBlob is { } only && path.Replace("/blobs/", "@", StringComparison.Ordinal) != only)
            {
                await RegistryError.Unauthorized.WriteAsync(http);
                return;
            }
            var call = new CallContext(cloud, claims.Caller(), claims.Region, Ids.Uuid(), RequestEndpoint.Of(http.Request, cloud.Settings.Endpoint))
            {
                SourceAddress = http.Connection.RemoteIpAddress, UserAgent = http.Request.Headers.UserAgent.ToString(), IsEncrypted = http.Request.IsHttps,
            };
            var cx = new EcrContext(call, blobs, tokens);
            if (await RegistryAccess.IsRevokedAsync(cx, http.RequestAborted))
            {
                await RegistryError.Unauthorized.WriteAsync(http);
                return;
            }
            if (await RouteAsync(cx, http, path, claims.OnlyBlob is not null) is { } error)
            {
                await error.WriteAsync(http);
            }
        }
        catch (RepositoryNotFoundException missing)
        {
            await RegistryError.NameUnknown(missing.Message).WriteAsync(http);
        }
        catch (AwsError refused) when (refused.Code is "AccessDeniedException")
        {
            await new RegistryError(StatusCodes.Status403Forbidden, "DENIED", refused.Message).WriteAsync(http);
        }
        catch (AwsError refused)
        {
            await new RegistryError(refused.HttpStatus, "DENIED", refused.Message).WriteAsync(http);
        }
        catch (BadHttpRequestException broken) when (!http.RequestAborted.IsCancellationRequested)
        {
            // A body that ends before its announced length, or comes too slowly. An upload keeps what arrived.
            await new RegistryError(broken.StatusCode, "SIZE_INVALID", "The body ended early.").WriteAsync(http);
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException && http.RequestAborted.IsCancellationRequested)
        {
            // The client went away in the middle: an upload keeps what arrived, and the client goes on from there.
        }
    }

    /// <param name="allowed">Whoever gave out the token was asked already: it is for this one blob.</param>
    private static async Task<RegistryError?> RouteAsync(EcrContext cx, HttpContext http, string path, bool allowed)
    {
        if (path.Length == 0)
        {
            await http.Response.WriteAsync("{}", http.RequestAborted);
            return null;
        }
        var parts = path.TrimEnd('/').Split('/');
        if (!allowed && RegistryAccess.Of(http.Request, parts) is var (named, operations) && Repository(named) is { } asked)
        {
            await RegistryAccess.RequireAsync(cx, asked, operations, http.RequestAborted);
        }
        return parts switch
        {
            [.. var name, "blobs", "uploads"] when Repository(name) is { } repository => await Uploads.BeginAsync(cx, http, repository),
            [.. var name, "blobs", "uploads", var id] when Repository(name) is { } repository => await Uploads.ContinueAsync(cx, http, repository, id),
            [.. var name, "blobs", var digest] when Repository(name) is { } repository => await BlobReads.HandleAsync(cx, http, repository, digest),
            [.. var name, "manifests", var reference] when Repository(name) is { } repository => await Manifests.HandleAsync(cx, http, repository, reference),
            [.. var name, "tags", "list"] when Repository(name) is { } repository => await TagLists.HandleAsync(cx, http, repository),
            _ => new RegistryError(404, "NAME_INVALID", "The path is not one of the distribution API with a valid repository name."),
        };
    }

    private static string? Repository(string[] parts)
    {
        var name = string.Join('/', parts);
        return Names.IsRepository(name) ? name : null;
    }

    private RegistryClaims? Authorize(HttpContext http)
    {
        if (http.Request.Query["token"].ToString() is { Length: > 0 } token && HttpMethods.IsGet(http.Request.Method))
        {
            return tokens.Open(token) is { OnlyBlob: not null } single ? single : null;
        }
        const string Basic = "Basic ";
        var header = http.Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Basic, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }
        var decoded = new byte[header.Length];
        if (!Convert.TryFromBase64String(header[Basic.Length..].Trim(), decoded, out var length))
        {
            return null;
        }
        var pair = Encoding.UTF8.GetString(decoded, 0, length);
        return pair.StartsWith("AWS:", StringComparison.Ordinal) ? tokens.Open(pair[4..]) : null;
    }
}
