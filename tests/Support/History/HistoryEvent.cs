using System.Globalization;

namespace Longspan.Support.History;

/// <summary>What became of a call, or of one message of it.</summary>
public enum HistoryOutcome
{
    /// <summary>Nothing is known: there was no answer, so it may have happened.</summary>
    Unknown,
    Done,
    /// <summary>Accepted, but with no promise that it had an effect: SQS answers so to the delete with an old receipt.</summary>
    Accepted,
    /// <summary>It has certainly not happened.</summary>
    Refused,
}

/// <summary>One message of a call or an answer. Which fields are set depends on the call.</summary>
public sealed record HistoryItem(string Key)
{
    public string? Group { get; init; }
    /// <summary>Sends: the deduplication id.</summary>
    public string? Deduplication { get; init; }
    /// <summary>What the queue calls the message: its sequence number on a FIFO queue, whatever is unique elsewhere. Another one after a move.</summary>
    public string? Id { get; init; }
    /// <summary>Which delivery of the message.</summary>
    public int Count { get; init; }
    /// <summary>Sends: the delay.</summary>
    public long Millis { get; init; }
    public HistoryOutcome Outcome { get; init; }

    internal string Encode() => string.Join('|', Key, Group ?? "-", Deduplication ?? "-", Id ?? "-", Number(Count), Number(Millis), Number((int)Outcome));

    internal static HistoryItem Decode(string text)
    {
        var words = text.Split('|');
        return new HistoryItem(words[0])
        {
            Group = Text(words[1]),
            Deduplication = Text(words[2]),
            Id = Text(words[3]),
            Count = int.Parse(words[4], CultureInfo.InvariantCulture),
            Millis = long.Parse(words[5], CultureInfo.InvariantCulture),
            Outcome = (HistoryOutcome)int.Parse(words[6], CultureInfo.InvariantCulture),
        };
    }

    internal static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    internal static string? Text(string word) => word == "-" ? null : word;
}

/// <summary>
/// A line of the history: a call before it was made, or its answer after it came. Times are microseconds of the machine's monotonic clock,
/// which every process on it shares and no kill sets back. A call whose answer is missing has an unknown outcome.
/// </summary>
/// <param name="IsCall">A call; otherwise the answer to it.</param>
/// <param name="Call">Ties the answer to its call; unique over all processes.</param>
public sealed record HistoryEvent(bool IsCall, long At, long Call, string Kind, string Queue)
{
    public const string Send = "send";
    public const string Receive = "receive";
    public const string Delete = "delete";
    public const string Visibility = "visibility";
    public const string Purge = "purge";
    public const string Move = "move";

    /// <summary>FIFO receives: the attempt id.</summary>
    public string? Attempt { get; init; }
    /// <summary>Receives and visibility changes: for how long the messages are to be invisible.</summary>
    public long Millis { get; init; }
    public HistoryOutcome Outcome { get; init; }
    public IReadOnlyList<HistoryItem> Items { get; init; } = [];

    public string Encode() => string.Join(
        ' ',
        [
            IsCall ? "c" : "a", HistoryItem.Number(At), HistoryItem.Number(Call), Kind, Queue, Attempt ?? "-", HistoryItem.Number(Millis),
            HistoryItem.Number((int)Outcome), .. Items.Select(i => i.Encode()),
        ]);

    public static HistoryEvent Decode(string line)
    {
        var words = line.Split(' ');
        return new HistoryEvent(
            words[0] == "c", long.Parse(words[1], CultureInfo.InvariantCulture), long.Parse(words[2], CultureInfo.InvariantCulture), words[3], words[4])
        {
            Attempt = HistoryItem.Text(words[5]),
            Millis = long.Parse(words[6], CultureInfo.InvariantCulture),
            Outcome = (HistoryOutcome)int.Parse(words[7], CultureInfo.InvariantCulture),
            Items = [.. words.Skip(8).Select(HistoryItem.Decode)],
        };
    }
}

/// <summary>A queue as far as the rules need it.</summary>
public sealed record HistoryQueue(string Name, bool Fifo)
{
    /// <summary>Zero: no dead letters.</summary>
    public int MaximumReceives { get; init; }
    public string? DeadLetters { get; init; }
    public long RetentionMillis { get; init; } = long.MaxValue / 2_000;
}

/// <summary>A broken promise: which rule, with which message.</summary>
public sealed record HistoryViolation(string Rule, string Message, string Text)
{
    public override string ToString() => $"{Rule}: {Message} {Text}";
}
