using System.CommandLine;

namespace Longspan.Cli.Commands;

/// <summary><c>longspan keys</c>: the keys of a server.</summary>
internal static class KeysCommand
{
    public static Command Create() => new("keys", "Look after a server's keys") { KeysResealCommand.Create() };
}
