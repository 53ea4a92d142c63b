using Longspan.Cli;
using Longspan.Cli.Embedded;
using Xunit;

namespace Longspan.System.Tests.Embedded;

public sealed class BackgroundProcessTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("longspan-process-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task It_is_found_by_its_pid_file_until_it_is_stopped()
    {
        var pidFile = Path.Combine(_folder.FullName, "sleep.pid");
        var pid = await BackgroundProcess.StartAsync("sleep", ["600"], Path.Combine(_folder.FullName, "logs", "sleep.log"), default, pidFile);
        Assert.Equal(pid, BackgroundProcess.Find(pidFile));
        Assert.True(await BackgroundProcess.StopAsync(pidFile, TimeSpan.FromSeconds(20), default));
        Assert.Null(BackgroundProcess.Find(pidFile));
        Assert.False(await BackgroundProcess.StopAsync(pidFile, TimeSpan.FromSeconds(20), default));
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_named()
    {
        var failure = await Assert.ThrowsAsync<CommandFailure>(
            () => BackgroundProcess.StartAsync("no-such-program", [], Path.Combine(_folder.FullName, "x.log"), default));
        Assert.Contains("no-such-program", failure.Message);
    }
}
