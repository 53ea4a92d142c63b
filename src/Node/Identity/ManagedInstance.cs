using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Longspan.Api.Shapes;
using Longspan.Api.Ssm;
using Longspan.Node.State;
using Longspan.Wire.Client;
using Longspan.Wire.Signing;

namespace Longspan.Node.Identity;

/// <summary>What an external machine is to Systems Manager. The private key never leaves this file.</summary>
internal sealed record SavedIdentity
{
    /// <summary><c>mi-…</c>; empty while a registration is under way.</summary>
    public string InstanceId { get; init; } = "";
    public required string Region { get; init; }
    /// <summary>Base64 of the PKCS#1 private key.</summary>
    public required string PrivateKey { get; init; }
    public required string Fingerprint { get; init; }

    public override string ToString() => $"managed instance {InstanceId}";
}

/// <summary>
/// An external machine's identity: registered once with an activation, then exchanging proofs of its private key for temporary keys of the
/// activation's role. The keys are renewed at half of their life, so that a cut of less than that goes unnoticed.
/// </summary>
internal sealed class ManagedInstance(StateFolder state, HttpClient http, Uri endpoint, string region, TimeProvider time) : IDisposable
{
    public const string FileName = "identity.json";
    private static readonly TimeSpan RenewRetry = TimeSpan.FromSeconds(15);
    private const string Target = "AmazonSSM.RequestManagedInstanceRoleToken";
    private readonly SemaphoreSlim _one = new(1);
    private SavedIdentity? _identity = StateFolder.Read(state.File(FileName), IdentityJson.Default.SavedIdentity);
    private AwsCredentials? _keys;
    private DateTimeOffset _renewAt;
    private DateTimeOffset _expiresAt;

    public bool IsRegistered => _identity is { InstanceId.Length: > 0 };

    public string InstanceId => _identity?.InstanceId ?? "";

    /// <summary>Registers with an activation. Throws <see cref="AwsError"/> when the server refuses it.</summary>
    public async Task RegisterAsync(NodeActivation activation, CancellationToken stop)
    {
        using var rsa = RSA.Create(2048);
        var begun = _identity ?? new SavedIdentity
        {
            Region = region, PrivateKey = Convert.ToBase64String(rsa.ExportRSAPrivateKey()), Fingerprint = NodeIds.Uuid(),
        };
        // Saved before the activation is used up: if the answer is lost, the next attempt is the same machine with the same key.
        Save(begun);
        rsa.ImportRSAPrivateKey(Convert.FromBase64String(begun.PrivateKey), out _);
        var client = new AwsClient(http, endpoint, region, null, time);
        var answer = await client.CallAsync(SsmOperations.RegisterManagedInstance, new RegisterManagedInstanceRequest
        {
            ActivationId = activation.Id, ActivationCode = activation.Code, Fingerprint = begun.Fingerprint,
            PublicKey = Convert.ToBase64String(rsa.ExportSubjectPublicKeyInfo()), PublicKeyType = "Rsa",
        }, stop);
        Save(begun with { InstanceId = answer.InstanceId ?? throw new InvalidDataException("the server answered without an instance id") });
    }

    /// <summary>Current keys; renewed when they are due. Old keys are used on while the server cannot be reached and they still hold.</summary>
    public async ValueTask<AwsCredentials> KeysAsync(CancellationToken stop)
    {
        if (_keys is { } current && time.GetUtcNow() < _renewAt)
        {
            return current;
        }
        await _one.WaitAsync(stop);
        try
        {
            if (_keys is null || time.GetUtcNow() >= _renewAt)
            {
                await RenewAsync(stop);
            }
            return _keys!;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !stop.IsCancellationRequested
            && _keys is not null && time.GetUtcNow() < _expiresAt)
        {
            _renewAt = time.GetUtcNow() + RenewRetry;
            return _keys;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Whether the server, reachable and in its right mind, says that it has no such machine.</summary>
    public async Task<bool> IsUnknownAsync(CancellationToken stop)
    {
        try
        {
            await KeysAsync(stop);
            return false;
        }
        catch (AwsError e)
        {
            return e.Code is "AccessDeniedException" or "InvalidInstanceId" or "UnrecognizedClientException" or "InvalidSignatureException";
        }
        catch (Exception e) when (!stop.IsCancellationRequested && e is HttpRequestException or OperationCanceledException or IOException)
        {
            return false;
        }
    }

    /// <summary>Drops an identity that the server does not know. The next registration is a new machine.</summary>
    public void Reset()
    {
        StateFolder.Delete(state.File(FileName));
        _identity = null;
        _keys = null;
        _renewAt = default;
    }

    private async Task RenewAsync(CancellationToken stop)
    {
        var identity = _identity ?? throw new InvalidOperationException("the node is not registered");
        var body = JsonSerializer.SerializeToUtf8Bytes(new RoleTokenRequest(identity.Fingerprint), IdentityJson.Default.RoleTokenRequest);
        var (answer, retimed) = await AskAsync(identity, body, stop);
        if (!answer.IsSuccessStatusCode && retimed)
        {
            answer.Dispose();
            (answer, _) = await AskAsync(identity, body, stop);
        }
        using var held = answer;
        var text = await answer.Content.ReadAsByteArrayAsync(stop);
        if (!answer.IsSuccessStatusCode)
        {
            throw ErrorOf(text, (int)answer.StatusCode);
        }
        var token = JsonSerializer.Deserialize(text, IdentityJson.Default.RoleToken)
            ?? throw new InvalidDataException("the server answered without a role token");
        var now = time.GetUtcNow();
        _expiresAt = DateTimeOffset.UnixEpoch.AddSeconds(token.TokenExpirationDate);
        _renewAt = now + ((_expiresAt - now) / 2);
        _keys = new AwsCredentials(token.AccessKeyId, token.SecretAccessKey, token.SessionToken);
    }

    private async Task<(HttpResponseMessage Answer, bool Retimed)> AskAsync(SavedIdentity identity, byte[] body, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new ByteArrayContent(body) };
        Sign(request, identity, body);
        var answer = await http.SendAsync(request, stop);
        return (answer, time is ServerClock clock && answer.Headers.Date is { } date && clock.Observe(date));
    }

    /// <summary>SigV4 with the last step replaced by the machine's own key: RSASSA-PSS over the string to sign.</summary>
    private void Sign(HttpRequestMessage request, SavedIdentity identity, byte[] body)
    {
        const string ContentType = "application/x-amz-json-1.1";
        const string Signed = "content-type;host;x-amz-date;x-amz-target";
        var stamp = time.GetUtcNow().UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        var scope = $"{stamp[..8]}/{region}/ssm/aws4_request";
        var bodyHash = Convert.ToHexStringLower(SHA256.HashData(body));
        var canonical = $"POST\n/\n\ncontent-type:{ContentType}\nhost:{endpoint.Authority}\nx-amz-date:{stamp}\nx-amz-target:{Target}\n\n{Signed}\n{bodyHash}";
        var toSign = $"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        using var rsa = RSA.Create();
        rsa.ImportRSAPrivateKey(Convert.FromBase64String(identity.PrivateKey), out _);
        var signature = Convert.ToBase64String(rsa.SignData(Encoding.UTF8.GetBytes(toSign), HashAlgorithmName.SHA256, RSASignaturePadding.Pss));
        request.Content!.Headers.ContentType = MediaTypeHeaderValue.Parse(ContentType);
        request.Headers.TryAddWithoutValidation("X-Amz-Target", Target);
        request.Headers.TryAddWithoutValidation("X-Amz-Date", stamp);
        request.Headers.TryAddWithoutValidation("X-Amz-Content-Sha256", bodyHash);
        request.Headers.TryAddWithoutValidation(
            "Authorization", $"AWS4-HMAC-SHA256 Credential={identity.InstanceId}/{scope}, SignedHeaders={Signed}, Signature={signature}");
    }

    private static AwsError ErrorOf(byte[] body, int status)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var code = document.RootElement.TryGetProperty("__type", out var type) ? type.GetString() ?? "" : "";
            var message = document.RootElement.TryGetProperty("message", out var text) ? text.GetString() ?? "" : "";
            return new AwsError(code[(code.LastIndexOf('#') + 1)..], message, status);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return new AwsError("InternalServerError", $"HTTP {status}", status);
        }
    }

    private void Save(SavedIdentity identity)
    {
        StateFolder.Write(state.File(FileName), identity, IdentityJson.Default.SavedIdentity);
        _identity = identity;
    }

    public void Dispose() => _one.Dispose();
}

internal sealed record RoleTokenRequest(string Fingerprint);

internal sealed record RoleToken(string AccessKeyId, string SecretAccessKey, string SessionToken, double TokenExpirationDate)
{
    public override string ToString() => $"key {AccessKeyId}";
}

[JsonSerializable(typeof(SavedIdentity))]
[JsonSerializable(typeof(RoleTokenRequest))]
[JsonSerializable(typeof(RoleToken))]
internal sealed partial class IdentityJson : JsonSerializerContext;
