using Longspan.Store.Messages;
using Microsoft.Extensions.Logging;

namespace Longspan.Store.Sqlite.Messages;

/// <summary>
/// What happens when the disk refuses or has changed what it was given. A refused write makes memory void: it is read back at once, so that
/// calls that change nothing go on, and the disk is tried again each second, so that all others do once it can. Damage is sorted out
/// on the spot, and what is lost is said.
/// </summary>
internal sealed partial class WriterLoop
{
    private static readonly long RecoverMillis = (long)TimeSpan.FromSeconds(1).TotalMilliseconds;

    private readonly string _folder;
    private readonly ILogger _log;
    private MessageStoreUnavailableException? _broken;
    /// <summary>Memory is what the disk says, although the disk takes no writes.</summary>
    private bool _isReadBack;
    private bool _isDamaged;
    private bool _isSaid;
    private long _recoverAt;

    /// <summary>False when it has to go on in the next pass.</summary>
    private bool Sweep(long now)
    {
        var more = false;
        try
        {
            more = Retention.Sweep(_writer, _cold, now);
        }
        catch (IOException fault)
        {
            _writer.Unreadable ??= fault;
        }
        _sweepAt = more ? now : now + _sweepMillis;
        return !more;
    }

    private ColdStore OpenCold(string path, Damage damage)
    {
        ColdSalvage.Finish(path, damage);
        try
        {
            return new ColdStore(path, _settings.SparePages);
        }
        catch (SqliteFault fault) when (ColdStore.IsDamage(fault))
        {
            ColdSalvage.Run(path, _journal.FirstFrame, damage);
            return new ColdStore(path, _settings.SparePages);
        }
    }

    /// <summary>The state that the disk holds. Nothing is written, unless damage has to be settled.</summary>
    private MessageState Start(Damage damage)
    {
        var state = ReadBack(damage);
        if (damage.Found)
        {
            _journal.Rotate();
            // What is left becomes the truth, or the next start would find the same damage again.
            _cold.Write(state.Capture(_journal.LastFrame, Now));
            state.Deduplication.Saved();
            _journal.Forget(_journal.LastFrame);
            damage.Close();
            LogDamage(_log, _folder, damage.Text, damage.Kept);
        }
        return state;
    }

    private MessageState ReadBack(Damage damage)
    {
        MessageState state;
        try
        {
            state = Recovery.Run(_cold, _journal, Now, damage);
        }
        catch (SqliteFault fault) when (ColdStore.IsDamage(fault))
        {
            _cold.Salvage(_journal.FirstFrame, damage);
            state = Recovery.Run(_cold, _journal, Now, damage);
        }
        state.Redo.Skip(Journal.HeaderLength);
        return state;
    }

    /// <summary>From here on nobody is answered from memory.</summary>
    private void Break(MessageStoreUnavailableException reason)
    {
        _broken ??= reason;
        _isReadBack = false;
        _isDamaged |= ColdStore.IsDamage(reason);
        if (!_isSaid && !_isDamaged)
        {
            _isSaid = true;
            LogBroken(_log, _folder, reason.InnerException?.Message ?? reason.Message);
        }
        // Somebody has to look again, whether or not anybody calls.
        _recoverAt = Math.Min(_recoverAt, Now + RecoverMillis);
        Arm();
    }

    private void Distrust(Exception reason)
    {
        Break(new MessageStoreUnavailableException("The message store has stopped and reads its state back from disk.", reason));
        _done.AddRange(_writer.Served);
        _writer.Served.Clear();
        _done.ForEach(c => c.Fail(_broken!));
        _done.Clear();
        _group.ForEach(c => c.Fail(_broken!));
    }

    private MessageStoreUnavailableException Unreadable(IOException fault)
    {
        _writer.Unreadable ??= fault;
        return new MessageStoreUnavailableException("The message store cannot be read.", fault);
    }

    /// <summary>After a read that failed: a damaged file is sorted out before anything else is read from it.</summary>
    private void SuspectPages()
    {
        if (_writer.Unreadable is not { } fault)
        {
            return;
        }
        _writer.Unreadable = null;
        if (ColdStore.IsDamage(fault))
        {
            Break(new MessageStoreUnavailableException("The message store is damaged.", fault));
            _signal.Set();
            return;
        }
        LogUnreadable(_log, _folder, fault.Message);
    }

    /// <summary>While the disk takes no writes, calls that change nothing are answered and all others refused.</summary>
    private void Refuse(long now)
    {
        foreach (var command in _group)
        {
            if (!_isReadBack || !command.ChangesNothing)
            {
                command.Fail(_broken!);
                continue;
            }
            Apply(command, now);
        }
        _writer.State.Touched.Clear();
        _done.ForEach(c => c.Complete());
        _done.Clear();
        Arm();
    }

    private bool TryRecover(long now)
    {
        if (now < _recoverAt)
        {
            return false;
        }
        _recoverAt = now + RecoverMillis;
        try
        {
            FinishCheckpoint(wait: true);
            var damage = new Damage(_folder, _clock);
            if (_isDamaged)
            {
                _cold.Salvage(_journal.FirstFrame, damage);
                _isDamaged = false;
            }
            if (!_isReadBack)
            {
                _writer.Replace(Start(damage));
                _isReadBack = true;
            }
            _journal.Rotate();
            _journal.Probe();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _broken = new MessageStoreUnavailableException("The message store waits for its disk.", e);
            return false;
        }
        _broken = null;
        _isReadBack = false;
        if (_isSaid)
        {
            _isSaid = false;
            LogRecovered(_log, _folder);
        }
        return true;
    }

    [LoggerMessage(Level = LogLevel.Error, Message =
        "The message store in {Folder} cannot write: {Reason}. Calls that change messages are refused with ServiceUnavailable and lose nothing. Make room on the disk, "
        + "or make it writable again; the store tries each second and goes on by itself.")]
    private static partial void LogBroken(ILogger log, string folder, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The message store in {Folder} writes again.")]
    private static partial void LogRecovered(ILogger log, string folder);

    [LoggerMessage(Level = LogLevel.Error, Message =
        "The message store in {Folder} cannot read a part of its files: {Reason}. Calls for messages there are refused with ServiceUnavailable. Check the disk.")]
    private static partial void LogUnreadable(ILogger log, string folder, string reason);

    [LoggerMessage(Level = LogLevel.Critical, Message =
        "The message store in {Folder} was damaged. {Loss} The server goes on with the rest; the damaged files are kept in {Kept}. Check the disk, and restore the folder from "
        + "a backup if it is worth more than what came since.")]
    private static partial void LogDamage(ILogger log, string folder, string loss, string kept);
}
