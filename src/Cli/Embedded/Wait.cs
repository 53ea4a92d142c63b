using System.Diagnostics;

namespace Longspan.Cli.Embedded;

/// <summary>Waits for a named state with a deadline. The failure names the state that never came.</summary>
internal static class Wait
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public static async Task UntilAsync(string state, Func<Task<bool>> holds, TimeSpan limit, CancellationToken stop, TimeSpan? pause = null)
    {
        var waited = Stopwatch.StartNew();
        while (!await holds())
        {
            if (waited.Elapsed > limit)
            {
                throw new CommandFailure($"Waited {limit.TotalSeconds:0} s, and it never came to this: {state}.", "Look at 'longspan status' and 'longspan logs'.");
            }
            await Task.Delay(pause ?? Pause, stop);
        }
    }
}
