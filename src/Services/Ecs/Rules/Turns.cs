using System.Collections.Concurrent;

namespace Longspan.Services.Ecs.Rules;

/// <summary>
/// Lets callers that keep losing the race for the same documents go one after the other. It is economy only: expectations keep the
/// documents right whoever goes first, in this process or another, but a hundred callers at one node would otherwise each try a hundred
/// times. The first attempts go without a turn, so callers that do not meet never wait.
/// </summary>
internal sealed class Turns
{
    public const int FreeAttempts = 2;

    // One entry for each cluster that ever saw contention.
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new(StringComparer.Ordinal);

    public async ValueTask<Turn> TakeAsync(string scope, int attempt, CancellationToken stop)
    {
        if (attempt < FreeAttempts)
        {
            return default;
        }
        var turn = _turns.GetOrAdd(scope, _ => new SemaphoreSlim(1, 1));
        await turn.WaitAsync(stop);
        return new Turn(turn);
    }

    internal readonly struct Turn(SemaphoreSlim? turn) : IDisposable
    {
        public void Dispose() => turn?.Release();
    }
}
