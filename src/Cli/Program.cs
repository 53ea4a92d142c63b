using System.CommandLine;
using Longspan.Api.Shapes;
using Longspan.Cli.Commands;
using Longspan.Cli.Embedded;
using Longspan.Cli.Output;
using Longspan.Wire.Client;

namespace Longspan.Cli;

/// <summary>The one executable. Each command is a file in <c>Commands/</c>.</summary>
internal static class Program
{
    /// <summary>The command line was not understood.</summary>
    private const int UsageExitCode = 2;

    // A node may drain before it goes; its own limit ends that.
    private static TimeSpan TimeToEnd(ParseResult parsed) =>
        TimeSpan.FromSeconds(30) + (parsed.CommandResult.Command.Name == NodeCommand.Name ? Nodes.NodeOptions.LongestDrain : TimeSpan.Zero);

    private static async Task<int> Main(string[] arguments)
    {
        CoreDumps.Forbid();
        Terminal.Prepare();
        var root = new RootCommand("One container cluster over cloud machines and machines on your premises, speaking the AWS wire.")
        {
            UpCommand.Create(),
            DownCommand.Create(),
            StatusCommand.Create(),
            CutCommand.Create(),
            HealCommand.Create(),
            ServerCommand.Create(),
            NodeCommand.Create(),
            JoinTokenCommand.Create(),
            KeysCommand.Create(),
            EnvCommand.Create(),
            LogsCommand.Create(),
            QueueCommand.Create(),
            AuditCommand.Create(),
            VersionCommand.Create(),
        };
        var parsed = root.Parse(arguments);
        var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeToEnd(parsed) };
        try
        {
            var code = await parsed.InvokeAsync(invocation);
            return parsed.Errors.Count > 0 ? UsageExitCode : code;
        }
        catch (CommandFailure failure)
        {
            Terminal.Failure(failure);
            return failure.ExitCode;
        }
        catch (AwsError refused)
        {
            Terminal.Failure(new CommandFailure($"The server refused: {refused.Code}: {refused.Message}", "'longspan logs server' may say more."));
            return 1;
        }
        catch (HttpRequestException untrusted) when (ServerTrust.RefusalIn(untrusted) is { } refusal)
        {
            Terminal.Failure(new CommandFailure($"The server is not trusted. {refusal.Message}"));
            return 1;
        }
        catch (HttpRequestException unreachable)
        {
            Terminal.Failure(new CommandFailure($"The server does not answer: {unreachable.Message}", "Look at 'longspan status' and 'longspan logs server'."));
            return 1;
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("longspan: interrupted.");
            return 130;
        }
    }
}
