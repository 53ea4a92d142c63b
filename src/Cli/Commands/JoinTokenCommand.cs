using System.CommandLine;

namespace Longspan.Cli.Commands;

/// <summary><c>longspan join-token</c>: what machines join with.</summary>
internal static class JoinTokenCommand
{
    public static Command Create() => new("join-token", "Make what a machine joins with") { JoinTokenCreateCommand.Create() };
}
