using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Longspan.Kernel.Access.Policies;
using Longspan.Store;

namespace Longspan.Kernel.Access;

/// <summary>
/// Why a call was refused, sealed: whoever was refused passes it on to somebody who may open it. It says what the policies were asked and
/// which statements decided, in the form of AWS's decoded messages, and it travels in a header beside the refusal, which itself stays as AWS
/// words it.
/// </summary>
public sealed class AuthorizationMessages(Sealer sealer)
{
    public const string Header = "x-longspan-authorization-message";
    /// <summary>Longer than any message that we seal; longer ones are refused unread.</summary>
    public const int MaximumLength = 8192;
    public static readonly TimeSpan Life = TimeSpan.FromHours(1);
    /// <summary>Values beyond this are left out, so that the header stays one.</summary>
    private const int MaximumValues = 8;
    private const int MaximumText = 128;
    private const string Associated = "refusal";

    private readonly SealedBox _box = new(sealer, "longspan/authorization-message/1");

    public string Seal(AccessContext context)
    {
        using var plain = new MemoryStream();
        Span<byte> until = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(until, (context.Now + Life).ToUnixTimeSeconds());
        plain.Write(until);
        using (var json = new Utf8JsonWriter(plain))
        {
            Write(json, context);
        }
        return Base64Url.EncodeToString(_box.Seal(plain.ToArray(), Associated));
    }

    /// <summary>The reasons as JSON; null when the message is not ours, was changed, or is too old.</summary>
    public string? TryOpen(string message, DateTimeOffset now)
    {
        if (message.Length > MaximumLength || !Base64Url.IsValid(message) || _box.TryOpen(Base64Url.DecodeFromChars(message), Associated) is not { } plain)
        {
            return null;
        }
        var until = BinaryPrimitives.ReadInt64BigEndian(plain);
        return now.ToUnixTimeSeconds() < until ? Encoding.UTF8.GetString(plain.AsSpan(sizeof(long))) : null;
    }

    private static void Write(Utf8JsonWriter json, AccessContext context)
    {
        var simulated = PolicySimulation.Decide(context);
        json.WriteStartObject();
        json.WriteBoolean("allowed", simulated.Decision.IsAllowed);
        json.WriteBoolean("explicitDeny", simulated.Decision.Outcome == AccessOutcome.ExplicitDeny);
        Items(json, "matchedStatements", simulated.Matched, matched =>
        {
            json.WriteString("statementId", Cut(matched.Policy.Policy.Statements[matched.Index].Sid ?? ""));
            json.WriteString("sourcePolicyId", Cut(matched.Policy.Id));
        });
        Items(json, "failures", simulated.MissingKeys, key => json.WriteString("key", Cut(key)));
        json.WriteStartObject("context");
        json.WriteStartObject("principal");
        json.WriteString("id", context.Principal.Caller.UserId);
        json.WriteString("arn", context.Principal.Caller.Arn);
        json.WriteEndObject();
        json.WriteString("action", context.Demand.Action);
        json.WriteString("resource", Cut(context.Demand.Resource));
        Items(json, "conditions", context.Demand.Keys, condition =>
        {
            json.WriteString("key", Cut(condition.Key));
            Items(json, "values", condition.Value, value => json.WriteString("value", Cut(value)));
        });
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>A list as these messages have it: an object with <c>items</c>, each an object.</summary>
    private static void Items<T>(Utf8JsonWriter json, string name, IEnumerable<T> items, Action<T> write)
    {
        json.WriteStartObject(name);
        json.WriteStartArray("items");
        foreach (var item in items.Take(MaximumValues))
        {
            json.WriteStartObject();
            write(item);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string Cut(string text) => text.Length <= MaximumText ? text : text[..MaximumText];
}
