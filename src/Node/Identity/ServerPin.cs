using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Longspan.Node.State;
using Longspan.Wire.Client;

namespace Longspan.Node.Identity;

/// <summary>
/// Whom a node takes for its server: the holder of the key that its join token pins, of a certificate that it was given, or whomever the
/// machine's trust store vouches for. A token has only the hash of the key, so the certificate is asked of the server itself, over a connection
/// that is believed nothing else; it is the right one if, and only if, its key has that hash. It is kept, so that this happens once.
/// </summary>
internal static class ServerPin
{
    private const string AuthorityPath = "/_longspan/ca.pem";
    private const int MaximumBytes = 64 * 1024;
    /// <summary>An authority signs its certificate again, with the same key, long before it ends: this close to its end the next one is asked for.</summary>
    private static readonly TimeSpan Aging = TimeSpan.FromDays(365);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <param name="seen">Called with the authority's certificates when they are known, which may be at once.</param>
    /// <param name="maySave">False for those who only look at the machine.</param>
    public static ServerTrust Trust(NodeSettings settings, StateFolder state, bool maySave, Action<X509Certificate2Collection> seen)
    {
        var saved = SavedServer.Read(state.Path);
        if (settings.JoinToken is { } token && (saved is null || saved.Endpoint != token.Endpoint || saved.Region != token.Region || saved.Pin != token.Pin?.Text))
        {
            saved = new SavedServer
            {
                Endpoint = token.Endpoint, Region = token.Region, Pin = token.Pin?.Text, Authority = saved?.Pin == token.Pin?.Text ? saved?.Authority : null,
            };
            if (maySave)
            {
                saved.Write(state);
            }
        }
        if (settings.AuthorityFile is { } file)
        {
            return Known(ServerTrust.ReadAuthorities(file), seen);
        }
        if (saved?.Pin is not { } text)
        {
            return ServerTrust.Machine;
        }
        var pin = PublicKeyPin.Parse(text) ?? throw new InvalidDataException($"{state.File(SavedServer.FileName)} has a pin that is none");
        if (saved.Authority is { } authority && ServerTrust.Parse(authority, state.File(SavedServer.FileName)) is var kept
            && kept[0].NotAfter.ToUniversalTime() - settings.Time.GetUtcNow() > Aging)
        {
            return Known(kept, seen);
        }
        return ServerTrust.Only(async stop =>
        {
            var found = await AskAsync(settings.Endpoint, pin, stop);
            if (maySave)
            {
                (saved with { Authority = found[0].ExportCertificatePem() }).Write(state);
            }
            seen(found);
            return found;
        });
    }

    private static ServerTrust Known(X509Certificate2Collection authorities, Action<X509Certificate2Collection> seen)
    {
        seen(authorities);
        return ServerTrust.Only(authorities);
    }

    private static async Task<X509Certificate2Collection> AskAsync(Uri endpoint, PublicKeyPin pin, CancellationToken stop)
    {
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = Limit };
        // Nothing is sent but the question, and no answer is believed but the certificate of the pinned key.
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null;
        using var http = new HttpClient(handler) { Timeout = Limit, MaxResponseContentBufferSize = MaximumBytes };
        using var answer = await http.GetAsync(new Uri(endpoint, AuthorityPath), stop);
        if (!answer.IsSuccessStatusCode)
        {
            throw Refusal($"{endpoint} does not show the certificate of an authority (HTTP {(int)answer.StatusCode}), but the join token pins one.", pin);
        }
        X509Certificate2Collection shown;
        try
        {
            shown = ServerTrust.Parse(await answer.Content.ReadAsStringAsync(stop), endpoint.ToString());
        }
        catch (InvalidDataException e)
        {
            throw Refusal(e.Message, pin);
        }
        X509Certificate2Collection right = [.. shown.Where(certificate => PublicKeyPin.Of(certificate) == pin)];
        return right.Count > 0 ? right : throw Refusal($"{endpoint} shows another authority ({PublicKeyPin.Of(shown[0])}) than the one that the join token pins.", pin);
    }

    private static HttpRequestException Refusal(string what, PublicKeyPin pin)
    {
        var refusal = new UntrustedServerException(
            $"{what.TrimEnd('.')}. Expected is {pin}. Either something else answers in the server's place, or the server has a new authority: then make a new join token "
            + "there ('longspan join-token create') and start the node with it.");
        return new HttpRequestException(HttpRequestError.SecureConnectionError, refusal.Message, refusal);
    }
}
