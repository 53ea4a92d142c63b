using System.CommandLine;
using Longspan.Cli.Embedded;
using Longspan.Server;
using Longspan.Store;

namespace Longspan.Cli.Commands;

/// <summary><c>longspan keys reseal</c>: a new key for the secrets of a data folder, while no server runs on it.</summary>
internal static class KeysResealCommand
{
    public static Command Create()
    {
        var data = new Option<DirectoryInfo>("--data") { Description = "The data folder; its server must be stopped", Required = true };
        var present = SharedOptions.KeyCommand("--key-command", "Program that prints the present key, when the server runs with one");
        var next = SharedOptions.KeyCommand("--new-key-command", "Program that prints the new key (default: a new random key in DATA/keys/seal.key)");
        var command = new Command("reseal", "Encrypt every secret of a stopped server's data folder with a new key") { data, present, next };
        command.SetAction(async (parsed, stop) =>
        {
            var folder = parsed.GetRequiredValue(data).FullName;
            try
            {
                var count = await Resealing.RunAsync(folder, SharedOptions.ProgramOf(parsed, present), SharedOptions.ProgramOf(parsed, next), stop);
                Console.WriteLine(
                    $"{count} secrets are sealed with the new key. Back it up apart from the data; the old one opens older backups. "
                    + "Sessions, receipt handles and registry logins from before are no longer valid.");
                return 0;
            }
            catch (Exception refused) when (ServerFailures.Explain(refused, new ServerSettings { DataFolder = folder }) is { } failure)
            {
                throw failure;
            }
        });
        return command;
    }
}
