using System.CommandLine;
using Longspan.Cli.Embedded;
using Longspan.Cli.Output;
using Longspan.Node.Engines.Docker;

namespace Longspan.Cli.Commands;

/// <summary><c>longspan down</c>: ends the embedded run. No container, process or network stays behind; data stays unless purged.</summary>
internal static class DownCommand
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);

    public static Command Create()
    {
        var homeOption = SharedOptions.Home();
        var purge = new Option<bool>("--purge") { Description = "Also remove all data: orders, keys, images, logs" };
        var command = new Command("down", "Stop the embedded run and remove its containers and networks") { homeOption, purge };
        command.SetAction(async (parsed, stop) =>
        {
            var home = new Home(parsed.GetRequiredValue(homeOption).FullName);
            var terminal = Terminal.Standard();
            if (!Environment.IsPrivilegedProcess)
            {
                throw new CommandFailure("Removing containers and networks needs root.", "Run the command as root.");
            }
            using var turn = RunTurn.Take();
            await terminal.StepAsync("Stopping the nodes and the server", async () =>
            {
                await Task.WhenAll(
                    BackgroundProcess.StopAsync(home.CloudNodePid, StopLimit, stop),
                    BackgroundProcess.StopAsync(home.PremisesNodePid, StopLimit, stop));
                await BackgroundProcess.StopAsync(home.ServerPid, StopLimit, stop);
            });
            await terminal.StepAsync("Removing the cloud site", () => CloudSite.RemoveAsync(stop));
            await terminal.StepAsync("Removing the on-premises site", () => new PremisesSite(home.PremisesFolder).RemoveAsync(stop));
            // A node that had to be killed could not take its redirect along.
            var (_, left) = await Node.Endpoints.StaleRedirects.RemoveAsync(stop);
            if (left.Count > 0)
            {
                terminal.Note($"The metadata redirects of other nodes on this machine remain: {string.Join(", ", left)}.");
            }
            var run = home.ReadRun();
            if (run is not null)
            {
                RegistryAuthority.Remove(RegistryAuthority.DefaultFolder, run.CloudEndpoint);
                RegistryAuthority.Remove(RegistryAuthority.DefaultFolder, run.PremisesEndpoint);
            }
            home.ForgetRun();
            if (parsed.GetValue(purge))
            {
                await terminal.StepAsync("Removing all data", async () =>
                {
                    await CloudSite.PurgeAsync(run, stop);
                    await Task.Run(() => Purge(home), stop);
                });
            }
            else if (Directory.Exists(home.Folder))
            {
                terminal.Note($"Data is kept in {home.Folder}; 'longspan up' goes on with it, 'longspan down --purge' removes it.");
            }
            return 0;
        });
        return command;
    }

    // Only what `up` itself makes is removed, so that a mistaken --home cannot empty somebody's folder.
    private static void Purge(Home home)
    {
        if (!Directory.Exists(home.Folder))
        {
            return;
        }
        string[] folders = [home.ServerData, home.CloudNodeState, home.PremisesNodeState, home.PremisesFolder, home.Logs, home.DockerConfig, home.Volumes];
        foreach (var folder in folders.Where(Directory.Exists))
        {
            Directory.Delete(folder, recursive: true);
        }
        // Its user went with the server's data, but a secret is a secret.
        File.Delete(home.CloudNodeKeys);
        if (!Directory.EnumerateFileSystemEntries(home.Folder).Any())
        {
            Directory.Delete(home.Folder);
        }
    }
}
