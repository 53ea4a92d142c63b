namespace Longspan.System.Tests.Clients;

/// <summary>Waiting for a named state, with a deadline. Never for a span of time.</summary>
internal static class Until
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    public static async Task<T> FoundAsync<T>(string what, Func<Task<T?>> look)
        where T : class
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (true)
        {
            if (await look() is { } found)
            {
                return found;
            }
            if (deadline.IsCancellationRequested)
            {
                throw new TimeoutException($"Not within {Deadline}: {what}");
            }
            await Task.Delay(Step, CancellationToken.None);
        }
    }

    public static Task TrueAsync(string what, Func<Task<bool>> look) => FoundAsync(what, async () => await look() ? "yes" : null);
}
