using System.Collections.Frozen;
using System.Text.Json;
using Longspan.Api.Shapes;

namespace Longspan.Kernel.Audit;

/// <summary>
/// Writes a request or an answer as the audit trail shows it: members in lower camel case, secrets hidden, long values cut. What the models
/// mark as sensitive is hidden, and some members besides, which only documentation calls secret.
/// </summary>
/// <param name="only">The members to write, on whatever level; null for all.</param>
internal sealed class AuditShapeWriter(Utf8JsonWriter json, FrozenSet<string>? only = null) : ShapeWriter
{
    /// <summary>AWS's own words in place of a value.</summary>
    public const string Hidden = "HIDDEN_DUE_TO_SECURITY_REASONS";
    public const int MaximumText = 1024;
    public const int MaximumItems = 100;
    /// <summary>Deeper than any model's shapes are of use here; what is below is left out.</summary>
    private const int MaximumDepth = 12;

    private static readonly FrozenSet<string> s_hidden = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "ActivationCode", "AuthorizationToken", "ClientSecret", "Code", "EncodedMessage", "Plaintext", "SAMLAssertion", "SecretAccessKey", "SecretBinary",
        "SecretString", "SessionToken", "TokenCode", "TokenValue", "WebIdentityToken");

    private bool _named = true;
    private int _depth;

    public void Write(string name, Shape shape)
    {
        json.WriteStartObject(name);
        shape.WriteMembers(this);
        json.WriteEndObject();
    }

    public override void WriteBoolean(Member member, bool value)
    {
        if (Begin(member))
        {
            json.WriteBooleanValue(value);
        }
    }

    public override void WriteInteger(Member member, int value) => WriteLong(member, value);

    public override void WriteLong(Member member, long value)
    {
        if (Begin(member))
        {
            json.WriteNumberValue(value);
        }
    }

    public override void WriteFloat(Member member, float value) => WriteDouble(member, value);

    public override void WriteDouble(Member member, double value)
    {
        if (Begin(member))
        {
            json.WriteStringValue(value.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    public override void WriteString(Member member, string value)
    {
        if (Begin(member))
        {
            json.WriteStringValue(Cut(value));
        }
    }

    public override void WriteBlob(Member member, ReadOnlyMemory<byte> value)
    {
        if (Begin(member))
        {
            json.WriteStringValue($"({value.Length} bytes)");
        }
    }

    public override void WriteTimestamp(Member member, DateTimeOffset value)
    {
        if (Begin(member))
        {
            json.WriteStringValue(AuditEvent.Time(value));
        }
    }

    public override void WriteDocument(Member member, JsonElement value) => WriteString(member, value.GetRawText());

    public override void WriteStructure(Member member, Shape value)
    {
        if (!Begin(member))
        {
            return;
        }
        var outer = _named;
        _named = true;
        json.WriteStartObject();
        if (_depth++ < MaximumDepth)
        {
            value.WriteMembers(this);
        }
        _depth--;
        json.WriteEndObject();
        _named = outer;
    }

    public override void WriteList<T>(Member member, IReadOnlyList<T> values, Action<ShapeWriter, Member, T> item)
    {
        if (!Begin(member))
        {
            return;
        }
        var outer = _named;
        _named = false;
        json.WriteStartArray();
        foreach (var value in values.Take(MaximumItems))
        {
            item(this, member.Item!, value);
        }
        if (values.Count > MaximumItems)
        {
            json.WriteStringValue($"({values.Count - MaximumItems} more)");
        }
        json.WriteEndArray();
        _named = outer;
    }

    public override void WriteMap<T>(Member member, IReadOnlyDictionary<string, T> values, Action<ShapeWriter, Member, T> item)
    {
        if (!Begin(member))
        {
            return;
        }
        var outer = _named;
        _named = false;
        json.WriteStartObject();
        foreach (var (key, value) in values.Take(MaximumItems))
        {
            json.WritePropertyName(Cut(key));
            item(this, member.Value!, value);
        }
        json.WriteEndObject();
        _named = outer;
    }

    public static string Cut(string text) => text.Length <= MaximumText ? text : text[..MaximumText] + "…";

    /// <summary>Writes the name, where there is one; false when the value was hidden or is left out.</summary>
    private bool Begin(Member member)
    {
        if (_named)
        {
            if (only?.Contains(member.Name) == false)
            {
                return false;
            }
            json.WritePropertyName(JsonNamingPolicy.CamelCase.ConvertName(member.Name));
        }
        if (member.Sensitive || (_named && s_hidden.Contains(member.Name)))
        {
            json.WriteStringValue(Hidden);
            return false;
        }
        return true;
    }
}
