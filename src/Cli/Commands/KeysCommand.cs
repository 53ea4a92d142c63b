using System.CommandLine;

namespace Longspan.Cli.Commands;

/// <summary><c>longspan keys</c>: the administrator's access key.</summary>
internal static class KeysCommand
{
    public static Command Create() => new("keys", "Look after the administrator's access key") { KeysRotateCommand.Create() };
}
