using System.Diagnostics;

namespace Longspan.Node.Endpoints;

/// <summary>The <c>nat</c> table of one network namespace: this process's own, or the one that is named by a path.</summary>
internal sealed class Iptables(string? networkNamespace)
{
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The chain's rules as words, each beginning with <c>-A</c>.</summary>
    public async Task<IReadOnlyList<string[]>> ListAsync(string chain, CancellationToken stop) =>
    [
        .. (await RunAsync(["-S", chain], stop)).Split('\n')
            .Select(l => l.Trim().Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(a => a.Trim('"')).ToArray()).Where(r => r is ["-A", ..]),
    ];

    public Task DeleteAsync(string[] rule, CancellationToken stop) => RunAsync(["-D", .. rule[1..]], stop);

    public async Task<string> RunAsync(string[] arguments, CancellationToken stop)
    {
        string[] command = ["iptables", "-w", "5", "-t", "nat", .. arguments];
        var start = new ProcessStartInfo { RedirectStandardOutput = true, RedirectStandardError = true };
        if (networkNamespace is not null)
        {
            start.FileName = "nsenter";
            start.ArgumentList.Add($"--net={networkNamespace}");
            start.ArgumentList.Add("--");
            start.ArgumentList.Add(command[0]);
        }
        else
        {
            start.FileName = command[0];
        }
        foreach (var argument in command[1..])
        {
            start.ArgumentList.Add(argument);
        }
        using var process = Process.Start(start) ?? throw new IOException("iptables did not start");
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(stop);
        timeout.CancelAfter(CommandTimeout);
        var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
        var errors = process.StandardError.ReadToEndAsync(timeout.Token);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
            return process.ExitCode == 0 ? await output : throw new IOException($"iptables: {(await errors).Trim()}");
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            process.Kill();
            throw new IOException("iptables did not answer");
        }
    }
}
