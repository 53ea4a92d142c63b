using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Longspan.Api.Shapes;

namespace Longspan.Services.Sts.WebIdentity;

/// <summary>
/// An OpenID Connect identity token in its compact form, taken apart but not believed: until <see cref="KeySet.Verifies"/> has said so,
/// its claims are whatever the caller wrote.
/// </summary>
internal sealed class WebToken
{
    public const int MaximumLength = 20_000;
    private const int MaximumDepth = 8;
    private const int MaximumClaims = 128;
    private static readonly JsonDocumentOptions s_strict = new() { MaxDepth = MaximumDepth, AllowDuplicateProperties = false };

    private readonly Dictionary<string, JsonElement> _claims;

    private WebToken(string text, JsonElement header, JsonElement claims, byte[] signature)
    {
        SignedText = Encoding.ASCII.GetBytes(text[..text.LastIndexOf('.')]);
        Signature = signature;
        Algorithm = TextOf(header, "alg");
        KeyId = TextOf(header, "kid");
        // An extension that the token calls critical is one that we do not know.
        IsUnderstood = !header.TryGetProperty("crit", out _);
        _claims = claims.EnumerateObject().Take(MaximumClaims + 1).ToDictionary(c => c.Name, c => c.Value, StringComparer.Ordinal);
    }

    public byte[] SignedText { get; }
    public byte[] Signature { get; }
    public string? Algorithm { get; }
    public string? KeyId { get; }
    public bool IsUnderstood { get; }
    public string? Issuer => this["iss"];
    public string? Subject => this["sub"];
    /// <summary>The client that the token was made for, where it has more than one audience.</summary>
    public string? AuthorizedParty => this["azp"];
    public IReadOnlyList<string> Audiences => ListOf("aud");
    public DateTimeOffset? ExpiresAt => TimeOf("exp");
    public DateTimeOffset? NotBefore => TimeOf("nbf");
    public DateTimeOffset? IssuedAt => TimeOf("iat");
    /// <summary>Claims that are one value or a list of texts, for conditions.</summary>
    public IEnumerable<(string Name, IReadOnlyList<string> Values)> Claims =>
        _claims.Keys.Select(name => (Name: name, Values: ListOf(name))).Where(claim => claim.Values.Count > 0);

    public string? this[string claim] => _claims.TryGetValue(claim, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>A claim that is an object; null when it is not there or something else.</summary>
    public JsonElement? ObjectOf(string claim) =>
        _claims.TryGetValue(claim, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    /// <summary>Null when the text is not a signed token.</summary>
    public static WebToken? TryRead(string text)
    {
        if (text.Length > MaximumLength || text.Split('.') is not [var header, var claims, var signature] || !Base64Url.IsValid(signature))
        {
            return null;
        }
        if (Object(header) is not { } first || Object(claims) is not { } second || second.EnumerateObject().Count() > MaximumClaims)
        {
            return null;
        }
        return new WebToken(text, first, second, Base64Url.DecodeFromChars(signature));
    }

    private static JsonElement? Object(string part)
    {
        if (part.Length == 0 || !Base64Url.IsValid(part))
        {
            return null;
        }
        try
        {
            using var json = UntrustedJson.Parse(Base64Url.DecodeFromChars(part), s_strict);
            return json.RootElement.ValueKind == JsonValueKind.Object ? json.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? TextOf(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private IReadOnlyList<string> ListOf(string claim)
    {
        if (!_claims.TryGetValue(claim, out var value))
        {
            return [];
        }
        return value.ValueKind switch
        {
            JsonValueKind.String => [value.GetString()!],
            JsonValueKind.True => ["true"],
            JsonValueKind.False => ["false"],
            JsonValueKind.Number => [value.GetRawText()],
            JsonValueKind.Array when value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.String) =>
                [.. value.EnumerateArray().Select(v => v.GetString()!)],
            _ => [],
        };
    }

    private DateTimeOffset? TimeOf(string claim) =>
        _claims.TryGetValue(claim, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds)
        && seconds is >= 0 and < 253_402_300_799
            ? DateTimeOffset.FromUnixTimeMilliseconds((long)(seconds * 1000))
            : null;

    // Holds what a caller sent, and with it its credential.
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"token of {Issuer}");
}
