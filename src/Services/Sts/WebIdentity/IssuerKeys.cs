using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Authentication;
using System.Text.Json;
using Longspan.Api.Shapes;
using Longspan.Api.Sts;
using Longspan.Kernel.Access.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Sts.WebIdentity;

/// <summary>
/// The public keys of issuers, fetched over HTTPS by discovery and kept for a while. Anyone may present a token, so a fetch is asked for by
/// strangers: only providers that the account has are asked, one fetch each at a time, and after it none for <see cref="Pause"/>,
/// whether it succeeded or not.
/// </summary>
internal sealed class IssuerKeys
{
    /// <summary>More issuers than this and the memory starts over; an account has fewer.</summary>
    public const int MaximumIssuers = 256;
    /// <summary>Of each of the two documents.</summary>
    public const int MaximumBodyBytes = 256 * 1024;
    /// <summary>For each of the two requests.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    /// <summary>A key that the issuer withdraws is good for this long at most.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromHours(1);
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);
    private const string Discovery = "/.well-known/openid-configuration";

    private readonly ConcurrentDictionary<string, Issuer> _issuers = new(StringComparer.Ordinal);

    [SuppressMessage("Design", "CA1001", Justification = "Nothing asks for the semaphore's wait handle, and only that would have to be disposed.")]
    private sealed class Issuer
    {
        public readonly SemaphoreSlim Gate = new(1);
        public volatile Fetched? Last;
    }

    /// <param name="Revision">Of the provider's document: a provider that was changed or made again starts afresh.</param>
    private sealed record Fetched(long Revision, DateTimeOffset At, KeySet? Keys, Fault? Fault);

    /// <param name="IsUntrusted">The server answered, and its certificate is not one to believe.</param>
    private sealed record Fault(bool IsUntrusted, string Message);

    /// <summary>The issuer's keys, the named one among them if the issuer has it.</summary>
    public async ValueTask<KeySet> GetAsync(Document<OidcProviderDocument> provider, string? keyId, DateTimeOffset now, CancellationToken stop)
    {
        if (_issuers.Count >= MaximumIssuers)
        {
            _issuers.Clear();
        }
        var issuer = _issuers.GetOrAdd(provider.Key.Name, _ => new Issuer());
        if (issuer.Last is { Keys: { } kept } last && last.Revision == provider.Revision
            && now < last.At + KeptFor && (keyId is null || kept.Has(keyId)))
        {
            return kept;
        }
        await issuer.Gate.WaitAsync(stop);
        try
        {
            if (issuer.Last is not { } latest || latest.Revision != provider.Revision || now >= latest.At + Pause)
            {
                issuer.Last = latest = await FetchAsync(provider, now, stop);
            }
            return latest.Keys ?? throw Refuse(latest.Fault!);
        }
        finally
        {
            issuer.Gate.Release();
        }
    }

    /// <summary>Forgets everything kept.</summary>
    public void Forget() => _issuers.Clear();

    private static Exception Refuse(Fault fault) => fault.IsUntrusted
        ? new InvalidIdentityTokenException("OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint")
        : new IDPCommunicationErrorException($"Couldn't retrieve verification key from your identity provider: {fault.Message}");

    private static async ValueTask<Fetched> FetchAsync(Document<OidcProviderDocument> provider, DateTimeOffset now, CancellationToken stop)
    {
        Fault fault;
        try
        {
            return new Fetched(provider.Revision, now, await FetchAsync(provider.Value, stop), null);
        }
        catch (HttpRequestException failure)
        {
            fault = new Fault(failure.InnerException is AuthenticationException, failure.HttpRequestError.ToString());
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            fault = new Fault(false, "the time allowed for it is over");
        }
        catch (Exception failure) when (failure is JsonException or InvalidDataException)
        {
            fault = new Fault(false, failure is JsonException ? "what it answered is not what was asked for" : failure.Message);
        }
        return new Fetched(provider.Revision, now, null, fault);
    }

    private static async ValueTask<KeySet> FetchAsync(OidcProviderDocument provider, CancellationToken stop)
    {
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = Timeout, UseCookies = false };
        handler.SslOptions.RemoteCertificateValidationCallback =
            (_, _, chain, errors) => CertificatePins.Accept(provider.Thumbprints, chain, errors);
        using var client = new HttpClient(handler) { Timeout = Timeout, MaxResponseContentBufferSize = MaximumBodyBytes };
        var discovered = await ReadAsync(client, new Uri(provider.Issuer + Discovery), stop);
        return KeySet.Read(await ReadAsync(client, AddressOfKeys(discovered, provider.Issuer), stop));
    }

    private static Uri AddressOfKeys(byte[] discovered, string issuer)
    {
        using var json = UntrustedJson.Parse(discovered);
        string? TextOf(string name) => json.RootElement.ValueKind == JsonValueKind.Object
            && json.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        if (TextOf("issuer") != issuer)
        {
            throw new InvalidDataException("it calls itself by another name");
        }
        // Keys that came in the clear would be anyone's. Only an issuer on this very machine may do that.
        var isAddress = Uri.TryCreate(TextOf("jwks_uri"), UriKind.Absolute, out var address)
            && (address.Scheme == Uri.UriSchemeHttps
                || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback && issuer.StartsWith("http://", StringComparison.Ordinal)));
        return isAddress ? address! : throw new InvalidDataException("it names no address of its keys that could be used");
    }

    private static async ValueTask<byte[]> ReadAsync(HttpClient client, Uri address, CancellationToken stop)
    {
        using var answer = await client.GetAsync(address, stop);
        return answer.StatusCode == HttpStatusCode.OK
            ? await answer.Content.ReadAsByteArrayAsync(stop)
            : throw new InvalidDataException($"it answered {(int)answer.StatusCode}");
    }
}
