using Longspan.Node.Tasks;

namespace Longspan.Node.Logs;

internal sealed class LogDelivery : OutputSink, IAsyncDisposable
{
    private int _reunions;

    public void Reunite() => _reunions++;

    public override void Follow(SavedTask task, SavedContainer container)
    {
    }

    public override Task DrainAsync(SavedTask task, CancellationToken stop) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
