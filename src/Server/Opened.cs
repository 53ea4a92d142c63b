using System.Runtime.ExceptionServices;

namespace Longspan.Server;

/// <summary>
/// What a start has opened so far. Closing goes in the opposite order and reaches all of it: a part that fails to close must not keep the
/// data folder locked, or a loop of another part alive.
/// </summary>
internal sealed class Opened : IAsyncDisposable
{
    private readonly Stack<Func<ValueTask>> _closings = new();

    public T Add<T>(T one) where T : IAsyncDisposable
    {
        OnClose(one.DisposeAsync);
        return one;
    }

    public T Own<T>(T one) where T : IDisposable
    {
        OnClose(() =>
        {
            one.Dispose();
            return ValueTask.CompletedTask;
        });
        return one;
    }

    public void OnClose(Func<ValueTask> close) => _closings.Push(close);

    /// <summary>Closes after a start that failed; only the failure of the start is worth telling.</summary>
    public async ValueTask AbandonAsync()
    {
        try
        {
            await DisposeAsync();
        }
        catch (Exception)
        {
            // The caller is about to throw what went wrong first.
        }
    }

    public async ValueTask DisposeAsync()
    {
        Exception? first = null;
        while (_closings.TryPop(out var close))
        {
            try
            {
                await close();
            }
            catch (Exception failure)
            {
                first ??= failure;
            }
        }
        if (first is not null)
        {
            ExceptionDispatchInfo.Throw(first);
        }
    }
}
