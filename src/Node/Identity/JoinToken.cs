using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Longspan.Wire.Client;

namespace Longspan.Node.Identity;

/// <summary>
/// All that a machine needs to join: where the server is, an activation, and the key that the server has to prove. It travels as one word,
/// <c>lsj1.</c> and JSON in base64url. It is a secret for as long as its activation can be used.
/// </summary>
/// <param name="Pin">The key of the authority that the server's certificate must lead to. Null: the machine's trust store decides.</param>
public sealed record JoinToken(Uri Endpoint, string Region, string ActivationId, string ActivationCode, PublicKeyPin? Pin)
{
    private const string Prefix = "lsj1.";
    private const int MaximumLength = 4096;

    public string Encode()
    {
        var parts = new JoinTokenParts(Endpoint.GetLeftPart(UriPartial.Authority), Region, ActivationId, ActivationCode, Pin?.Text);
        return Prefix + Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(parts, JoinTokenJson.Default.JoinTokenParts));
    }

    /// <summary>Null when the text is not a whole join token.</summary>
    public static JoinToken? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > MaximumLength || !text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return null;
        }
        try
        {
            var parts = JsonSerializer.Deserialize(Base64Url.DecodeFromChars(text.AsSpan(Prefix.Length)), JoinTokenJson.Default.JoinTokenParts);
            var pin = PublicKeyPin.Parse(parts?.Pin);
            return parts is { Region.Length: > 0, ActivationId.Length: > 0, ActivationCode.Length: > 0 }
                && Uri.TryCreate(parts.Endpoint, UriKind.Absolute, out var endpoint)
                // A pin that is not understood must not become no pin, and one without TLS would be checked by nobody.
                && (parts.Pin is null ? endpoint.Scheme is "http" or "https" : pin is not null && endpoint.Scheme == "https")
                ? new JoinToken(endpoint, parts.Region, parts.ActivationId, parts.ActivationCode, pin)
                : null;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return null;
        }
    }

    // A record prints its members; this one must never print its code.
    public override string ToString() => $"join token of activation {ActivationId} for {Endpoint}";
}

internal sealed record JoinTokenParts(
    [property: JsonPropertyName("e")] string Endpoint, [property: JsonPropertyName("r")] string Region, [property: JsonPropertyName("i")] string ActivationId,
    [property: JsonPropertyName("c")] string ActivationCode, [property: JsonPropertyName("p")] string? Pin = null)
{
    public override string ToString() => ActivationId;
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(JoinTokenParts))]
internal sealed partial class JoinTokenJson : JsonSerializerContext;
