using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Longspan.Kernel.Access.Policies;

/// <summary>The values of <c>AWS</c> in <c>Principal</c> and <c>NotPrincipal</c> of a policy's text. All else of the text stays as its author wrote it.</summary>
internal static class PrincipalTexts
{
    // A statement's own members, alone or in a list.
    private const int StatementDepth = 3;

    private readonly record struct Place(int Start, int End, string Value);

    /// <param name="policy">A policy that <see cref="PolicyReader"/> takes.</param>
    public static string Replace(string policy, Func<string, string> change)
    {
        var utf8 = Encoding.UTF8.GetBytes(policy);
        var result = new ArrayBufferWriter<byte>(utf8.Length + 64);
        var copied = 0;
        foreach (var place in Find(utf8))
        {
            var value = change(place.Value);
            if (value != place.Value)
            {
                result.Write(utf8.AsSpan(copied..place.Start));
                result.Write("\""u8);
                result.Write(JsonEncodedText.Encode(value, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
                result.Write("\""u8);
                copied = place.End;
            }
        }
        if (copied == 0)
        {
            return policy;
        }
        result.Write(utf8.AsSpan(copied));
        return Encoding.UTF8.GetString(result.WrittenSpan);
    }

    private static List<Place> Find(ReadOnlySpan<byte> utf8)
    {
        List<Place> places = [];
        var reader = new Utf8JsonReader(utf8);
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth > StatementDepth
                || !(reader.ValueTextEquals("Principal"u8) || reader.ValueTextEquals("NotPrincipal"u8)))
            {
                continue;
            }
            reader.Read();
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                AddFromTypes(ref reader, places);
            }
        }
        return places;
    }

    // From the object's start to its end.
    private static void AddFromTypes(ref Utf8JsonReader reader, List<Place> places)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isAws = reader.ValueTextEquals("AWS"u8);
            reader.Read();
            if (isAws)
            {
                AddStrings(ref reader, places);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    // One, or a list that is left at its end.
    private static void AddStrings(ref Utf8JsonReader reader, List<Place> places)
    {
        var isList = reader.TokenType == JsonTokenType.StartArray;
        if (isList)
        {
            reader.Read();
        }
        while (reader.TokenType == JsonTokenType.String)
        {
            places.Add(new Place((int)reader.TokenStartIndex, (int)reader.BytesConsumed, reader.GetString()!));
            if (!isList)
            {
                return;
            }
            reader.Read();
        }
    }
}
