namespace Longspan.Cli.Embedded;

/// <summary>Containers of an engine, by label.</summary>
internal static class Containers
{
    public static async Task<IReadOnlyList<string>> ListAsync(string socket, string label, CancellationToken stop)
    {
        var ids = await Tool.RunAsync("docker", ["-H", $"unix://{socket}", "ps", "-aq", "--no-trunc", "--filter", $"label={label}"], stop);
        return ids.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    public static async Task RemoveAllAsync(string socket, string label, CancellationToken stop)
    {
        foreach (var batch in (await ListAsync(socket, label, stop)).Chunk(50))
        {
            await Tool.TryRunAsync("docker", ["-H", $"unix://{socket}", "rm", "-f", "-v", .. batch], stop);
        }
    }
}
