using System.Buffers;
using Longspan.Api.Shapes;
using Longspan.Api.Sqs;

namespace Longspan.Services.Sqs.Rules;

/// <summary>Characters that a message may hold: those of XML 1.0.</summary>
internal static class MessageText
{
    private static readonly SearchValues<char> Suspicious = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Where(c => c is not (0x09 or 0x0A or 0x0D)).Select(c => (char)c), '\uFFFE', '\uFFFF']);

    public static bool IsLegal(ReadOnlySpan<char> text)
    {
        if (text.ContainsAny(Suspicious))
        {
            return false;
        }
        for (var i = text.IndexOfAnyInRange('\uD800', '\uDFFF'); i >= 0;)
        {
            if (!char.IsHighSurrogate(text[i]) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1]))
            {
                return false;
            }
            var next = text[(i + 2)..].IndexOfAnyInRange('\uD800', '\uDFFF');
            i = next < 0 ? -1 : i + 2 + next;
        }
        return true;
    }

    public static AwsError Illegal() => new InvalidMessageContents(
        "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF");
}
