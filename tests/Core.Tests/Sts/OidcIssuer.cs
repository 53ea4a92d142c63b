using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Longspan.Core.Tests.Sts;

/// <summary>An OpenID Connect issuer on loopback, as far as verifying its tokens needs one: discovery, a key set, and keys to sign with.</summary>
internal sealed class OidcIssuer : IAsyncDisposable
{
    private readonly List<(string Id, AsymmetricAlgorithm Key)> _keys = [];
    private WebApplication _server = null!;

    public string Url { get; private set; } = null!;
    public string Name => Url[(Url.IndexOf("://", StringComparison.Ordinal) + 3)..];
    /// <summary>How often the key set was fetched.</summary>
    public int Fetches { get; private set; }
    /// <summary>Set to answer something else than the discovery document.</summary>
    public Func<HttpContext, Task>? Discovery { get; set; }
    public string? JwksUri { get; set; }

    public static async Task<OidcIssuer> StartAsync(X509Certificate2? certificate = null, X509Certificate2Collection? chain = null)
    {
        var issuer = new OidcIssuer();
        issuer.AddKey("one", RSA.Create(2048));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(https => (https.ServerCertificate, https.ServerCertificateChain) = (certificate, chain));
            }
        }));
        issuer._server = builder.Build();
        issuer._server.MapGet("/.well-known/openid-configuration", issuer.DiscoverAsync);
        issuer._server.MapGet("/keys", issuer.KeysAsync);
        await issuer._server.StartAsync();
        var port = new Uri(issuer._server.Urls.Single()).Port;
        issuer.Url = certificate is null ? $"http://127.0.0.1:{port}" : $"https://localhost:{port}";
        return issuer;
    }

    public void AddKey(string id, AsymmetricAlgorithm key) => _keys.Add((id, key));

    public void DropKey(string id) => _keys.RemoveAll(k => k.Id == id);

    /// <summary>A token of this issuer about <c>repo:shop</c> for <c>sts.amazonaws.com</c>, an hour long; <paramref name="change"/> makes it another.</summary>
    public string Token(DateTimeOffset now, Action<JsonObject>? change = null, string keyId = "one", string algorithm = "RS256", AsymmetricAlgorithm? key = null)
    {
        var claims = new JsonObject
        {
            ["iss"] = Url,
            ["sub"] = "repo:shop",
            ["aud"] = "sts.amazonaws.com",
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = now.AddHours(1).ToUnixTimeSeconds(),
        };
        change?.Invoke(claims);
        var header = new JsonObject { ["alg"] = algorithm, ["kid"] = keyId, ["typ"] = "JWT" };
        var text = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header.ToJsonString())) + "."
            + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims.ToJsonString()));
        return text + "." + Base64Url.EncodeToString(Sign(key ?? _keys.Single(k => k.Id == keyId).Key, algorithm, Encoding.ASCII.GetBytes(text)));
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _keys.ForEach(k => k.Key.Dispose());
    }

    private static byte[] Sign(AsymmetricAlgorithm key, string algorithm, byte[] text)
    {
        var hash = algorithm[2..] switch { "384" => HashAlgorithmName.SHA384, "512" => HashAlgorithmName.SHA512, _ => HashAlgorithmName.SHA256 };
        return key switch
        {
            RSA rsa => rsa.SignData(text, hash, RSASignaturePadding.Pkcs1),
            ECDsa ec => ec.SignData(text, hash),
            _ => throw new NotSupportedException(),
        };
    }

    private Task DiscoverAsync(HttpContext http) => Discovery?.Invoke(http)
        ?? http.Response.WriteAsync(JsonSerializer.Serialize(new { issuer = Url, jwks_uri = JwksUri ?? Url + "/keys" }));

    private Task KeysAsync(HttpContext http)
    {
        Fetches++;
        return http.Response.WriteAsync(new JsonObject { ["keys"] = new JsonArray([.. _keys.Select(k => PublicKey(k.Id, k.Key))]) }.ToJsonString());
    }

    private static JsonNode PublicKey(string id, AsymmetricAlgorithm key)
    {
        if (key is RSA rsa)
        {
            var parameters = rsa.ExportParameters(false);
            return new JsonObject { ["kty"] = "RSA", ["kid"] = id, ["n"] = Base64Url.EncodeToString(parameters.Modulus), ["e"] = Base64Url.EncodeToString(parameters.Exponent) };
        }
        var ec = ((ECDsa)key).ExportParameters(false);
        return new JsonObject
        {
            ["kty"] = "EC", ["kid"] = id, ["crv"] = $"P-{key.KeySize}",
            ["x"] = Base64Url.EncodeToString(ec.Q.X), ["y"] = Base64Url.EncodeToString(ec.Q.Y),
        };
    }
}
