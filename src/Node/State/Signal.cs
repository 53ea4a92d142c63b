using System.Threading.Channels;

namespace Longspan.Node.State;

/// <summary>A level that wakes one waiter: setting it twice before the waiter looks is the same as once.</summary>
internal sealed class Signal(TimeProvider time)
{
    private readonly Channel<bool> _channel = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Set() => _channel.Writer.TryWrite(true);

    public async Task WaitAsync(CancellationToken stop) => await _channel.Reader.ReadAsync(stop);

    /// <returns>False when the time passed first.</returns>
    public async Task<bool> WaitAsync(TimeSpan limit, CancellationToken stop)
    {
        if (limit <= TimeSpan.Zero)
        {
            return _channel.Reader.TryRead(out _);
        }
        using var timeout = new CancellationTokenSource(limit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stop);
        try
        {
            await _channel.Reader.ReadAsync(both.Token);
            return true;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return false;
        }
    }
}

/// <summary>Growing pauses with jitter, for whoever retries forever.</summary>
internal sealed class Backoff(TimeSpan first, TimeSpan limit)
{
    private int _failures;

    public TimeSpan Next()
    {
        var factor = Math.Pow(1.6, Math.Min(_failures++, 40));
        var pause = Math.Min(first.TotalMilliseconds * factor, limit.TotalMilliseconds);
        var jitter = System.Security.Cryptography.RandomNumberGenerator.GetInt32(80, 121) / 100.0;
        return TimeSpan.FromMilliseconds(pause * jitter);
    }

    public void Reset() => _failures = 0;
}

/// <summary>Random names below the kernel.</summary>
internal static class NodeIds
{
    public static string Hex(int length) => System.Security.Cryptography.RandomNumberGenerator.GetHexString(length, lowercase: true);

    public static string Uuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        System.Security.Cryptography.RandomNumberGenerator.Fill(bytes);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString();
    }
}
