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
            var caller = new Caller(claims.AccountId, claims.CallerArn, claims.CallerArn, "", IsAdministrator: false);
            var cx = new EcrContext(new CallContext(cloud, caller, claims.Region, Ids.Uuid(), RequestEndpoint.Of(http.Request, cloud.Settings.Endpoint)), blobs, tokens);
            if (await RouteAsync(cx, http, path) is { } error)
            {
                await error.WriteAsync(http);
            }
        }
        catch (RepositoryNotFoundException missing)
        {
            await RegistryError.NameUnknown(missing.Message).WriteAsync(http);
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

    private static async Task<RegistryError?> RouteAsync(EcrContext cx, HttpContext http, string path)
    {
        if (path.Length == 0)
        {
            await http.Response.WriteAsync("{}", http.RequestAborted);
            return null;
        }
        var parts = path.TrimEnd('/').Split('/');
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
