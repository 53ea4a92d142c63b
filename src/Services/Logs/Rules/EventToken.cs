using System.Globalization;
using Longspan.Store.Records;

namespace Longspan.Services.Logs.Rules;

/// <summary>
/// A place between two events and the way to read on from it, as <c>GetLogEvents</c> and <c>FilterLogEvents</c> hand out:
/// <c>f/</c> or <c>b/</c>, the position in 38 digits, <c>/s</c>.
/// </summary>
internal readonly record struct EventToken(bool Backward, RecordPosition Position)
{
    private const int Digits = 19;
    private const int Length = 2 + (2 * Digits) + 2;

    public static EventToken After(RecordPosition position) => new(false, position);

    public static EventToken Before(RecordPosition position) => new(true, position);

    /// <summary>False for anything that is not one of our tokens.</summary>
    public static bool TryParse(string text, out EventToken token)
    {
        token = default;
        if (text.Length != Length || text[1] != '/' || text[0] is not ('f' or 'b') || !text.EndsWith("/s", StringComparison.Ordinal)
            || !TryNumber(text.AsSpan(2, Digits), out var at) || !TryNumber(text.AsSpan(2 + Digits, Digits), out var id))
        {
            return false;
        }
        token = new EventToken(text[0] == 'b', new RecordPosition(at, id));
        return true;
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{(Backward ? 'b' : 'f')}/{Position.TimestampMs:D19}{Position.Id:D19}/s");

    private static bool TryNumber(ReadOnlySpan<char> digits, out long number) =>
        long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
