using System.Diagnostics;
using Xunit;

namespace Longspan.System.Tests.Node;

/// <summary>The install script below a folder of its own: what it leaves behind, and that a run which is killed anywhere is finished by the next.</summary>
public sealed class InstallScriptTests : IDisposable
{
    // What the script uses to change anything; each is one place at which it can be killed.
    private static readonly string[] Changers = ["mkdir", "chmod", "mv", "cp", "ln", "rm", "cat"];
    private readonly string _folder = Directory.CreateTempSubdirectory("longspan-install-").FullName;

    public InstallScriptTests()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "program", "more"));
        File.WriteAllText(Path.Combine(_folder, "program", "longspan.dll"), "one");
        File.WriteAllText(Path.Combine(_folder, "program", "more", "a"), "a");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_run_that_is_killed_anywhere_is_finished_by_the_next()
    {
        Assert.Equal(0, (await InstallAsync("whole", null)).Code);
        var expected = Tree("whole");
        Assert.Contains("etc/longspan/activation.env 600", expected.Keys);
        Assert.Contains("var/lib/longspan-node 700", expected.Keys);
        var step = 1;
        for (; ; step++)
        {
            var root = $"step-{step}";
            var killed = await InstallAsync(root, Shims(root, step));
            if (killed.Code == 0)
            {
                break;
            }
            Assert.True((await InstallAsync(root, null)).Code == 0, $"after a kill at step {step}");
            Assert.Equal(expected, Tree(root));
        }
        Assert.True(step > 10, $"only {step} steps were seen");
    }

    [Fact]
    public async Task Run_again_it_keeps_what_is_not_given_and_takes_a_newer_program()
    {
        await InstallAsync("r", null);
        var first = Tree("r");
        Assert.Equal(0, (await RunAsync(null, "--root", Root("r"), "--from", Path.Combine(_folder, "program"))).Code);
        Assert.Equal(first, Tree("r"));
        await File.WriteAllTextAsync(Path.Combine(_folder, "program", "longspan.dll"), "two");
        Assert.Equal(0, (await RunAsync(null, "--root", Root("r"), "--from", Path.Combine(_folder, "program"), "--", "--site", "plant-2")).Code);
        Assert.Equal("two", await File.ReadAllTextAsync(Path.Combine(Root("r"), "opt/longspan/current/longspan.dll")));
        Assert.Equal(
            ["AWS_ENDPOINT_URL=http://10.0.0.1:4566", "LONGSPAN_NODE_OPTIONS=--site plant-2"],
            await File.ReadAllLinesAsync(Path.Combine(Root("r"), "etc/longspan/node.env")));
        Assert.Equal(0, (await RunAsync(null, "--root", Root("r"), "--uninstall")).Code);
        Assert.Equal(["var/lib/longspan-node 700"], Tree("r").Keys.Where(k => k.Contains("longspan", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_join_token_names_the_server_and_stays_off_the_command_line()
    {
        var program = Path.Combine(_folder, "program");
        var authority = Path.Combine(_folder, "authority.pem");
        await File.WriteAllTextAsync(authority, "pem");
        Assert.Equal(0, (await RunAsync(
            null, "--root", Root("t"), "--from", program, "--endpoint", "https://10.0.0.1:4566", "--activation-id", "id", "--activation-code", "code", "--ca", authority)).Code);
        Assert.Contains("LONGSPAN_NODE_OPTIONS=--ca /etc/longspan/ca.pem", await File.ReadAllTextAsync(Path.Combine(Root("t"), "etc/longspan/node.env")), StringComparison.Ordinal);

        Assert.Equal(0, (await RunAsync(null, "--root", Root("t"), "--from", program, "--join-token", "lsj1.abc_-123", "--", "--site", "plant-1")).Code);
        Assert.Equal(["LONGSPAN_NODE_OPTIONS=--site plant-1"], await File.ReadAllLinesAsync(Path.Combine(Root("t"), "etc/longspan/node.env")));
        Assert.Equal(["LONGSPAN_JOIN_TOKEN=lsj1.abc_-123"], await File.ReadAllLinesAsync(Path.Combine(Root("t"), "etc/longspan/activation.env")));
        Assert.Contains("etc/longspan/activation.env 600", Tree("t").Keys);
        Assert.DoesNotContain("etc/longspan/ca.pem 644", Tree("t").Keys);
        var first = Tree("t");
        // Not given again, everything stays.
        Assert.Equal(0, (await RunAsync(null, "--root", Root("t"), "--from", program)).Code);
        Assert.Equal(first, Tree("t"));
        Directory.CreateDirectory(Path.Combine(Root("t"), "etc/docker/certs.d/10.0.0.1:4566"));
        await File.WriteAllTextAsync(Path.Combine(Root("t"), "etc/docker/certs.d/10.0.0.1:4566/longspan.crt"), "pem");
        Assert.Equal(0, (await RunAsync(null, "--root", Root("t"), "--uninstall")).Code);
        Assert.False(Directory.Exists(Path.Combine(Root("t"), "etc/docker/certs.d/10.0.0.1:4566")));
    }

    [Theory]
    [InlineData(2, "--join-token", "abc")]
    [InlineData(2, "--join-token", "lsj1.abc", "--activation-id", "id", "--activation-code", "code")]
    [InlineData(1, "--join-token", "lsj1.abc", "--ca", "/nonexistent")]
    [InlineData(2, "--bogus")]
    [InlineData(2, "--endpoint")]
    [InlineData(2, "--endpoint", "http://x $(reboot)")]
    [InlineData(1, "--from", "/nonexistent")]
    [InlineData(2, "--endpoint", "http://x", "--activation-id", "id")]
    public async Task What_cannot_be_done_is_said_before_anything_is_changed(int code, params string[] arguments)
    {
        var refused = await RunAsync(null, ["--root", Root("none"), "--from", Path.Combine(_folder, "program"), .. arguments]);
        Assert.Equal(code, refused.Code);
        Assert.StartsWith("install-node: ", refused.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Root("none")));
    }

    [Fact]
    public async Task Systemd_understands_the_unit()
    {
        if (!File.Exists("/usr/bin/systemd-analyze"))
        {
            return;
        }
        await InstallAsync("unit", null);
        // It looks whether the program is there: it is, below the root.
        var unit = await File.ReadAllTextAsync(Path.Combine(Root("unit"), "etc/systemd/system/longspan-node.service"));
        var copy = Path.Combine(_folder, "longspan-node.service");
        await File.WriteAllTextAsync(copy, unit.Replace("/usr/local/bin/longspan", Path.Combine(Root("unit"), "usr/local/bin/longspan"), StringComparison.Ordinal));
        var verdict = await ProcessAsync("systemd-analyze", null, ["verify", copy]);
        Assert.True(verdict.Code == 0, verdict.Errors);
        Assert.DoesNotContain("longspan-node", verdict.Errors, StringComparison.Ordinal);
    }

    private string Root(string name) => Path.Combine(_folder, name);

    private Task<(int Code, string Errors)> InstallAsync(string root, string? path) => RunAsync(
        path, "--root", Root(root), "--from", Path.Combine(_folder, "program"), "--endpoint", "http://10.0.0.1:4566",
        "--activation-id", "id", "--activation-code", "code", "--", "--site", "plant-1");

    private static Task<(int Code, string Errors)> RunAsync(string? path, params string[] arguments) =>
        ProcessAsync("/bin/sh", path, [Path.Combine(AppContext.BaseDirectory, "tools", "node", "install-node.sh"), .. arguments]);

    private static async Task<(int Code, string Errors)> ProcessAsync(string program, string? path, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("LONGSPAN_ACTIVATION_CODE");
        start.Environment.Remove("LONGSPAN_JOIN_TOKEN");
        if (path is not null)
        {
            start.Environment["PATH"] = path + ":" + Environment.GetEnvironmentVariable("PATH");
        }
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await output;
        await process.WaitForExitAsync();
        return (process.ExitCode, errors);
    }

    // Tools that count themselves and, at the given count, kill the script instead of doing their work.
    private string Shims(string root, int killAt)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, root + "-shims")).FullName;
        var count = Path.Combine(folder, "count");
        foreach (var tool in Changers)
        {
            var path = Path.Combine(folder, tool);
            File.WriteAllText(path, $"""
                #!/bin/sh
                echo x >>{count}
                [ "$(wc -l <{count})" -ne {killAt} ] || kill -9 "$PPID"
                exec {(File.Exists("/bin/" + tool) ? "/bin/" : "/usr/bin/") + tool} "$@"

                """);
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
        return folder;
    }

    // Everything below the root with its mode and content, and nothing half-made.
    private SortedDictionary<string, string> Tree(string root)
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFileSystemEntries(Root(root), "*", SearchOption.AllDirectories))
        {
            var info = new FileInfo(path);
            var mode = info.LinkTarget is null ? Convert.ToString((int)info.UnixFileMode, 8) : "link";
            found[$"{Path.GetRelativePath(Root(root), path)} {mode}"] =
                info.LinkTarget ?? (Directory.Exists(path) ? "" : File.ReadAllText(path));
        }
        return found;
    }
}
