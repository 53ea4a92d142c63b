using System.Diagnostics;

namespace Longspan.System.Tests.Embedded;

/// <summary>Waits for a named state with a deadline. A failure tells what was seen last, because that is where the search begins.</summary>
internal static class Soon
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Looks until <paramref name="holds"/> accepts what it sees, and returns that. Errors of a look are something seen, too.</summary>
    public static async Task<T> SeeAsync<T>(string state, Func<Task<T>> look, Func<T, bool> holds, TimeSpan? limit = null, Func<T, string>? describe = null)
    {
        var waited = Stopwatch.StartNew();
        string last;
        do
        {
            try
            {
                var seen = await look();
                if (holds(seen))
                {
                    return seen;
                }
                last = describe is null ? seen?.ToString() ?? "nothing" : describe(seen);
            }
            catch (Exception error) when (error is HttpRequestException or TaskCanceledException or IOException)
            {
                last = error.Message;
            }
            await Task.Delay(Pause, CancellationToken.None);
        }
        while (waited.Elapsed < (limit ?? Limit));
        throw new TimeoutException($"Waited {(limit ?? Limit).TotalSeconds:0} s for this: {state}. Last seen: {last}");
    }

    public static Task SeeAsync(string state, Func<Task<bool>> holds, TimeSpan? limit = null) => SeeAsync(state, holds, seen => seen, limit);
}
