using System.Globalization;

namespace Longspan.Core.Tests.Sqs;

internal sealed record StoredMessage(long Queue, long Sequence, string? Group, long Number);

/// <summary>What was acknowledged, in the words of <c>MessageLoad</c>, and the rules that the store's contents must then obey.</summary>
internal sealed class MessageHistory
{
    private readonly Dictionary<long, StoredMessage> _sent = [];
    private readonly HashSet<long> _received = [];
    private readonly HashSet<long> _maybeDeleted = [];
    private readonly HashSet<long> _deleted = [];
    private readonly List<string> _faults = [];

    /// <summary>The FIFO message acknowledged last, as <c>GROUP/NUMBER</c>.</summary>
    public string LastFifo { get; private set; } = "";
    public int Deleted => _deleted.Count;

    public void Take(string line)
    {
        var words = line.Split(' ');
        switch (words[0])
        {
            case "s":
                var sent = new StoredMessage(Number(words[1]), Number(words[2]), words[3], Number(words[4]));
                _sent.Add(sent.Sequence, sent);
                LastFifo = sent.Queue == 2 ? $"{sent.Group}/{sent.Number}" : LastFifo;
                break;
            case "v":
                if (!_received.Add(Number(words[1])))
                {
                    _faults.Add($"{words[1]} was received twice inside one visibility period");
                }
                break;
            case "w":
                _maybeDeleted.Add(Number(words[1]));
                break;
            case "x":
                _deleted.Add(Number(words[1]));
                break;
            case "e":
                _faults.Add(line);
                break;
        }
    }

    /// <summary>The rules that the contents break; none is good.</summary>
    public IReadOnlyList<string> Check(IReadOnlyCollection<StoredMessage> contents)
    {
        var faults = new List<string>(_faults);
        var stored = contents.Select(m => m.Sequence).ToHashSet();
        faults.AddRange(_sent.Keys.Where(s => !stored.Contains(s) && !_maybeDeleted.Contains(s)).Select(s => $"{s} was acknowledged and is lost"));
        faults.AddRange(_deleted.Where(stored.Contains).Select(s => $"{s} was deleted and is back"));
        foreach (var group in contents.Where(m => m.Queue == 2).GroupBy(m => m.Group))
        {
            var numbers = group.OrderBy(m => m.Sequence).Select(m => m.Number).ToList();
            faults.AddRange(numbers.Zip(numbers.Skip(1)).Where(p => p.First > p.Second).Select(p => $"order of group {group.Key}: {p.First} before {p.Second}"));
        }
        faults.AddRange(contents.GroupBy(m => (m.Queue, m.Number)).Where(g => g.Count() > 1).Select(g => $"number {g.Key.Number} is stored {g.Count()} times"));
        return faults;
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
