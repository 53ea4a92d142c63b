using System.CommandLine;
using Longspan.Cli.Nodes;
using Longspan.Cli.Output;
using Longspan.Node.Diagnosis;
using Spectre.Console;

namespace Longspan.Cli.Commands;

/// <summary><c>longspan node doctor</c>: what a node would miss on this machine, and what to do about it.</summary>
internal static class NodeDoctorCommand
{
    public static Command Create()
    {
        var options = new NodeOptions(stateIsRequired: false);
        var output = SharedOptions.OutputFormat();
        var command = new Command("doctor", "Say what a node would miss on this machine, and what to do next; changes nothing") { output };
        foreach (var option in options.All)
        {
            command.Add(option);
        }
        command.SetAction(async (parsed, stop) =>
        {
            var findings = await NodeDoctor.ExamineAsync(options.Read(parsed), stop);
            if (parsed.GetValue(output) == "json")
            {
                Json.Print(new NodeDoctorReport(
                    !findings.Any(f => f.Level == FindingLevel.Failed),
                    [.. findings.Select(f => new NodeDoctorCheck(f.Check, Word(f.Level), f.Text, f.Next))]));
            }
            else
            {
                Print(findings);
            }
            return findings.Any(f => f.Level == FindingLevel.Failed) ? 1 : 0;
        });
        return command;
    }

    private static string Word(FindingLevel level) => level switch
    {
        FindingLevel.Fine => "ok",
        FindingLevel.Doubtful => "warning",
        _ => "failed",
    };

    private static void Print(IReadOnlyList<Finding> findings)
    {
        foreach (var finding in findings)
        {
            var color = finding.Level switch { FindingLevel.Fine => "green", FindingLevel.Doubtful => "yellow", _ => "red" };
            AnsiConsole.MarkupLine($"[{color}]{Word(finding.Level),-8}[/] {Markup.Escape(finding.Check),-18} {Markup.Escape(finding.Text)}");
            if (finding.Next is { } next)
            {
                AnsiConsole.MarkupLine($"{"",-27} [grey]{Markup.Escape(next)}[/]");
            }
        }
        var failed = findings.Count(f => f.Level == FindingLevel.Failed);
        Terminal.Line(failed == 0 ? "A node can run here." : $"A node cannot work here yet: {failed} of {findings.Count} checks failed.");
    }
}
