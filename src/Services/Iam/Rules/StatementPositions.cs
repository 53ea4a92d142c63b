using System.Text;
using System.Text.Json;
using Longspan.Api.Iam;

namespace Longspan.Services.Iam.Rules;

/// <summary>Where a statement stands in its policy's text: lines and columns from 1, the end one beyond the last character.</summary>
internal static class StatementPositions
{
    public static (Position? Start, Position? End) Find(string? text, int index)
    {
        if (text is null)
        {
            return (null, null);
        }
        var bytes = Encoding.UTF8.GetBytes(text);
        var reader = new Utf8JsonReader(bytes);
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth != 1 || !reader.ValueTextEquals("Statement"u8))
            {
                continue;
            }
            reader.Read();
            if (reader.TokenType == JsonTokenType.StartArray)
            {
                reader.Read();
                for (var i = 0; i < index; i++)
                {
                    reader.Skip();
                    reader.Read();
                }
            }
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            return (At(bytes, start), At(bytes, (int)reader.BytesConsumed));
        }
        return (null, null);
    }

    private static Position At(ReadOnlySpan<byte> text, int offset)
    {
        var before = text[..offset];
        var line = before.Count((byte)'\n') + 1;
        var start = before.LastIndexOf((byte)'\n') + 1;
        return new Position { Line = line, Column = Encoding.UTF8.GetCharCount(before[start..]) + 1 };
    }
}
