using Longspan.Store.Files;

namespace Longspan.Store.Sqlite.Messages;

/// <summary>
/// Makes a new cold store out of a damaged one: every row that can still be read goes over, the rest is counted, and the damaged file is kept
/// aside. The new file is finished and synced before the old one is touched, so a crash on the way begins again or goes on.
/// </summary>
internal sealed class ColdSalvage
{
    /// <summary>Failed reads after which what is left of a table is given up as a whole.</summary>
    private const int MaximumFailures = 100_000;
    private const string FinishedSuffix = ".salvaged";
    /// <summary>Nobody knows the last number when it is lost; this many messages are not sent between two checkpoints.</summary>
    private const long SequenceLeap = 1_000_000_000;

    private readonly SqliteSession _target;
    private readonly Damage _damage;
    private int _failures;
    private bool _isLossy;

    private ColdSalvage(SqliteSession target, Damage damage)
    {
        _target = target;
        _damage = damage;
    }

    /// <param name="firstFrame">The first frame that the journal still has: where to go on when the file does not say.</param>
    public static void Run(string path, long firstFrame, Damage damage)
    {
        var unfinished = path + ".new";
        foreach (var leftover in new[] { unfinished, unfinished + "-wal", unfinished + "-shm" })
        {
            File.Delete(leftover);
        }
        damage.Say($"{Path.GetFileName(path)} is damaged; what could be read of it was saved.");
        using (var target = ColdStore.OpenFile(unfinished))
        {
            new ColdSalvage(target.Writer, damage).Copy(path, firstFrame);
            target.Writer.Execute("PRAGMA journal_mode=DELETE");
        }
        using (var file = File.OpenHandle(unfinished, FileMode.Open, FileAccess.ReadWrite))
        {
            RandomAccess.FlushToDisk(file);
        }
        File.Move(unfinished, path + FinishedSuffix);
        FileSync.Directory(Path.GetDirectoryName(path)!);
        Finish(path, damage);
    }

    /// <summary>Puts a finished new file into its place, if there is one.</summary>
    public static void Finish(string path, Damage damage)
    {
        if (!File.Exists(path + FinishedSuffix))
        {
            return;
        }
        foreach (var old in new[] { path + "-wal", path + "-shm", path })
        {
            damage.Move(old);
        }
        File.Move(path + FinishedSuffix, path);
        FileSync.Directory(Path.GetDirectoryName(path)!);
    }

    private void Copy(string path, long firstFrame)
    {
        _target.Execute("PRAGMA synchronous=OFF");
        _target.Execute("PRAGMA cell_size_check=1");
        try
        {
            _target.Prepare("ATTACH ? AS old").Bind(1, path).Run();
            _target.Scalar("SELECT count(*) FROM old.sqlite_schema");
        }
        catch (SqliteFault)
        {
            _damage.Say("Nothing of it could be read: all messages that were not in the journal are lost.");
            SetMeta("frame", firstFrame - 1);
            SetMeta("next_sequence", SequenceLeap);
            return;
        }
        CopyMessages();
        CopyQueues();
        if (!TryCopy("deduplication"))
        {
            _damage.Say("Deduplication ids of the last five minutes are lost: repetitions of earlier sends may be taken as new.");
        }
        if (!TryCopy("meta") || _target.Scalar("SELECT count(*) FROM meta") < 2)
        {
            // The journal's frames are replayed over rows that may be newer; recovery knows how to do that after damage.
            SetMeta("frame", firstFrame - 1);
            SetMeta("next_sequence", _target.Scalar("SELECT coalesce(max(seq), 0) FROM main.payload") + SequenceLeap);
        }
        if (!_isLossy)
        {
            _damage.Say("No message was lost.");
        }
        _target.Prepare("DETACH old").Run();
    }

    private void CopyMessages()
    {
        CopyRange("payload", "seq", null, Bound("payload", "min", null), Bound("payload", "max", null));
        foreach (var queue in QueueNumbers())
        {
            CopyRange("delivery", "seq", queue, Bound("delivery", "min", queue), Bound("delivery", "max", queue));
        }
        // Whatever lacks its other half, or fails its checksum, is lost.
        foreach (var sequence in ColdStore.Unsound(_target))
        {
            _target.Prepare("DELETE FROM main.payload WHERE seq=?").Bind(1, sequence).Run();
        }
        var bodies = _target.Scalar("SELECT count(*) FROM main.payload WHERE seq NOT IN (SELECT seq FROM main.delivery)");
        _target.Execute("DELETE FROM main.payload WHERE seq NOT IN (SELECT seq FROM main.delivery)");
        using (var lost = _target.Prepare("SELECT queue, count(*), min(seq), max(seq) FROM main.delivery WHERE seq NOT IN (SELECT seq FROM main.payload) GROUP BY queue"))
        {
            while (lost.Step())
            {
                _isLossy = true;
                _damage.Say($"Queue {lost.Int64(0)}: {lost.Int64(1)} messages are lost (sequence numbers {lost.Int64(2)} to {lost.Int64(3)}).");
            }
        }
        _target.Execute("DELETE FROM main.delivery WHERE seq NOT IN (SELECT seq FROM main.payload)");
        if (bodies > 0)
        {
            _isLossy = true;
            _damage.Say($"{bodies} messages are lost whose queue could not be read.");
        }
    }

    private HashSet<long> QueueNumbers()
    {
        var numbers = new HashSet<long>();
        foreach (var (table, column, order) in new[] { ("queue", "id", ""), ("delivery", "queue", ""), ("delivery", "queue", "ORDER BY queue DESC, seq DESC") })
        {
            try
            {
                using var row = _target.Prepare($"SELECT {column} FROM old.{table} {order}");
                while (row.Step())
                {
                    numbers.Add(row.Int64(0));
                }
            }
            catch (SqliteFault)
            {
                // The other places may tell.
            }
        }
        return numbers;
    }

    private long? Bound(string table, string which, long? queue)
    {
        try
        {
            using var row = _target.Prepare($"SELECT {which}(seq) FROM old.{table}" + (queue is null ? "" : " WHERE queue=?"));
            if (queue is { } number)
            {
                row.Bind(1, number);
            }
            return row.Step() && !row.IsNull(0) ? row.Int64(0) : null;
        }
        catch (SqliteFault)
        {
            return which == "min" ? 0 : Known() + 1;
        }
    }

    /// <summary>The greatest number that can be in the file, as far as anything readable tells.</summary>
    private long Known()
    {
        try
        {
            return _target.Scalar("SELECT value FROM old.meta WHERE name='next_sequence'");
        }
        catch (SqliteFault)
        {
            return _target.Scalar("SELECT coalesce(max(seq), 0) FROM main.payload") + MaximumFailures;
        }
    }

    /// <summary>Copies rows in as large pieces as can be read, halving those that cannot.</summary>
    private void CopyRange(string table, string column, long? queue, long? from, long? to)
    {
        if (from is not { } low || to is not { } high)
        {
            return;
        }
        var pieces = new Stack<(long Low, long High)>([(low, high)]);
        while (pieces.TryPop(out var piece))
        {
            try
            {
                var copy = _target.Prepare(
                    $"INSERT OR IGNORE INTO main.{table} SELECT * FROM old.{table} WHERE {column}>=? AND {column}<=?" + (queue is null ? "" : " AND queue=?"))
                    .Bind(1, piece.Low).Bind(2, piece.High);
                (queue is { } number ? copy.Bind(3, number) : copy).Run();
            }
            catch (SqliteFault) when (piece.Low < piece.High && ++_failures < MaximumFailures)
            {
                var middle = piece.Low + ((piece.High - piece.Low) / 2);
                pieces.Push((middle + 1, piece.High));
                pieces.Push((piece.Low, middle));
            }
            catch (SqliteFault)
            {
                // This row, or all that is left, cannot be read. Its other half tells that it is missing.
                _failures++;
            }
        }
    }

    private void CopyQueues()
    {
        if (TryCopy("queue"))
        {
            return;
        }
        // Only FIFO messages have a group here, and only FIFO queues deduplicate.
        _target.Execute("INSERT OR IGNORE INTO main.queue(id, fifo) SELECT queue, max(group_id IS NOT NULL) FROM main.delivery GROUP BY queue");
    }

    private bool TryCopy(string table)
    {
        try
        {
            _target.Execute($"INSERT OR REPLACE INTO main.{table} SELECT * FROM old.{table}");
            return true;
        }
        catch (SqliteFault)
        {
            return false;
        }
    }

    private void SetMeta(string name, long value) =>
        _target.Prepare("INSERT OR REPLACE INTO main.meta(name, value) VALUES(?, ?)").Bind(1, name).Bind(2, value).Run();
}
