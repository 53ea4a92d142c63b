using System.CommandLine;
using Longspan.Cli.Nodes;
using Longspan.Node;
using Microsoft.Extensions.Logging;

namespace Longspan.Cli.Commands;

/// <summary><c>longspan node</c>: the node agent in the foreground.</summary>
internal static class NodeCommand
{
    /// <summary>The server refused this machine; a supervisor must not start it again.</summary>
    private const int RefusedExitCode = 5;
    public const string Name = "node";

    public static Command Create()
    {
        var options = new NodeOptions(stateIsRequired: true);
        var command = new Command(Name, "Run a node agent in the foreground") { NodeDoctorCommand.Create() };
        foreach (var option in options.All)
        {
            command.Add(option);
        }
        command.SetAction(async (parsed, stop) =>
        {
            var settings = options.Read(parsed);
            using var log = LoggerFactory.Create(builder => builder.AddSimpleConsole(format =>
            {
                format.SingleLine = true;
                format.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
                format.UseUtcTimestamp = true;
            }));
            return await NodeAgent.RunAsync(settings, log.CreateLogger("Longspan.Node"), stop) switch
            {
                NodeOutcome.Stopped => 0,
                NodeOutcome.RegistrationRefused => RefusedExitCode,
                _ => 1,
            };
        });
        return command;
    }
}
