using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Longspan.Api.Shapes;

namespace Longspan.Services.Sts.WebIdentity;

/// <summary>
/// An issuer's public keys (JWKS). A signature counts only under an algorithm that is named here, with a key of that algorithm's kind: no
/// token chooses its own rules, and none is accepted without a signature or under a shared secret.
/// </summary>
internal sealed class KeySet
{
    public const int MaximumKeys = 100;
    private const int MaximumDepth = 16;
    private const int SmallestRsaBytes = 2048 / 8;
    private const int LargestRsaBytes = 8192 / 8;
    private const int LargestExponentBytes = 8;

    private readonly List<Key> _keys = [];

    private sealed record Key(string? Id, string? Algorithm, RSAParameters? Rsa, ECParameters? Ec);

    /// <summary>Keys of kinds that are not used here are passed over. Throws <see cref="JsonException"/> for what is not a key set.</summary>
    public static KeySet Read(ReadOnlyMemory<byte> text)
    {
        using var json = UntrustedJson.Parse(text, new JsonDocumentOptions { MaxDepth = MaximumDepth });
        if (json.RootElement.ValueKind != JsonValueKind.Object
            || !json.RootElement.TryGetProperty("keys", out var keys) || keys.ValueKind != JsonValueKind.Array || keys.GetArrayLength() > MaximumKeys)
        {
            throw new JsonException("That is not a set of keys, or one of too many.");
        }
        var set = new KeySet();
        set._keys.AddRange(keys.EnumerateArray().Select(ReadKey).OfType<Key>());
        return set;
    }

    public bool Has(string keyId) => _keys.Any(k => k.Id == keyId);

    /// <summary>Whether one of the keys made the token's signature. A token that names no key needs an issuer that has only one.</summary>
    public bool Verifies(WebToken token)
    {
        var candidates = token.KeyId is null ? _keys.Count == 1 ? _keys : [] : _keys.Where(k => k.Id == token.KeyId);
        return token.IsUnderstood && candidates.Any(key => Verifies(key, token));
    }

    private static bool Verifies(Key key, WebToken token)
    {
        if (key.Algorithm is not null && key.Algorithm != token.Algorithm)
        {
            return false;
        }
        return token.Algorithm switch
        {
            "RS256" => VerifiesRsa(key, token, HashAlgorithmName.SHA256),
            "RS384" => VerifiesRsa(key, token, HashAlgorithmName.SHA384),
            "RS512" => VerifiesRsa(key, token, HashAlgorithmName.SHA512),
            "ES256" => VerifiesEc(key, token, HashAlgorithmName.SHA256, ECCurve.NamedCurves.nistP256),
            "ES384" => VerifiesEc(key, token, HashAlgorithmName.SHA384, ECCurve.NamedCurves.nistP384),
            "ES512" => VerifiesEc(key, token, HashAlgorithmName.SHA512, ECCurve.NamedCurves.nistP521),
            _ => false,
        };
    }

    private static bool VerifiesRsa(Key key, WebToken token, HashAlgorithmName hash)
    {
        if (key.Rsa is not { } parameters)
        {
            return false;
        }
        using var rsa = RSA.Create(parameters);
        return rsa.VerifyData(token.SignedText, token.Signature, hash, RSASignaturePadding.Pkcs1);
    }

    private static bool VerifiesEc(Key key, WebToken token, HashAlgorithmName hash, ECCurve curve)
    {
        if (key.Ec is not { } parameters || parameters.Curve.Oid.Value != curve.Oid.Value)
        {
            return false;
        }
        try
        {
            using var ec = ECDsa.Create(parameters);
            return ec.VerifyData(token.SignedText, token.Signature, hash);
        }
        catch (CryptographicException)
        {
            // The issuer published a point that is not on the curve.
            return false;
        }
    }

    private static Key? ReadKey(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object || (TextOf(json, "use") is { } use && use != "sig"))
        {
            return null;
        }
        var (id, algorithm) = (TextOf(json, "kid"), TextOf(json, "alg"));
        switch (TextOf(json, "kty"))
        {
            case "RSA" when BytesOf(json, "n") is { Length: >= SmallestRsaBytes and <= LargestRsaBytes } n
                && BytesOf(json, "e") is { Length: > 0 and <= LargestExponentBytes } e:
                return new Key(id, algorithm, new RSAParameters { Modulus = n, Exponent = e }, null);
            case "EC" when CurveOf(TextOf(json, "crv")) is { } curve && BytesOf(json, "x") is { } x && BytesOf(json, "y") is { } y && x.Length == y.Length:
                return new Key(id, algorithm, null, new ECParameters { Curve = curve, Q = new ECPoint { X = x, Y = y } });
            default:
                return null;
        }
    }

    private static ECCurve? CurveOf(string? name) => name switch
    {
        "P-256" => ECCurve.NamedCurves.nistP256,
        "P-384" => ECCurve.NamedCurves.nistP384,
        "P-521" => ECCurve.NamedCurves.nistP521,
        _ => null,
    };

    private static string? TextOf(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static byte[]? BytesOf(JsonElement json, string name) =>
        TextOf(json, name) is { } text && Base64Url.IsValid(text) ? Base64Url.DecodeFromChars(text) : null;
}
