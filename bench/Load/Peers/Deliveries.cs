using System.Threading.Channels;

namespace Longspan.Load.Peers;

/// <summary>Between a client that is handed messages by its server and a worker that takes up to ten. The server's prefetch bounds it.</summary>
internal sealed class Deliveries<T>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);
    private readonly Channel<T> _channel = Channel.CreateUnbounded<T>(new UnboundedChannelOptions { SingleReader = true });

    public void Add(T delivery) => _channel.Writer.TryWrite(delivery);

    /// <summary>Waits a moment for the first, and for no other.</summary>
    public async Task<IReadOnlyList<T>> TakeAsync()
    {
        var taken = new List<T>(Batch.Size);
        if (!_channel.Reader.TryPeek(out _))
        {
            using var limit = new CancellationTokenSource(Patience);
            try
            {
                await _channel.Reader.WaitToReadAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                return taken;
            }
        }
        while (taken.Count < Batch.Size && _channel.Reader.TryRead(out var delivery))
        {
            taken.Add(delivery);
        }
        return taken;
    }
}
