using System.CommandLine;
using System.Globalization;
using Longspan.Cli.Embedded;
using Longspan.Cli.Output;
using Spectre.Console;

namespace Longspan.Cli.Commands;

/// <summary><c>longspan status</c>: processes, sites, nodes, services, queues.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var homeOption = SharedOptions.Home();
        var output = SharedOptions.OutputFormat();
        var command = new Command("status", "Show what runs where, which site is cut off, and what waits") { homeOption, output };
        command.SetAction(async (parsed, stop) =>
        {
            var home = new Home(parsed.GetRequiredValue(homeOption).FullName);
            var report = await StatusReader.ReadAsync(home, home.RequireRun(), stop);
            if (parsed.GetValue(output) == "json")
            {
                Json.Print(report);
            }
            else
            {
                Print(report);
            }
            return report.Processes.All(process => process.Pid is not null) ? 0 : 1;
        });
        return command;
    }

    private static void Print(StatusReport report)
    {
        Show(["Process", "Pid", "Memory"], report.Processes.Select(p => (string[])[p.Name, Text(p.Pid) ?? "not running", p.Pid is null ? "" : $"{p.ResidentMib} MiB"]));
        Show(["Site", "Link"], report.Sites.Select(s => (string[])[s.Name, s.Link]));
        Show(["Node", "Site", "Connected", "Running", "Pending"],
            report.Nodes.Select(n => (string[])[n.Name, n.Site, n.Connected ? "yes" : "no", Text(n.RunningTasks)!, Text(n.PendingTasks)!]));
        Show(["Service", "Launch type", "Desired", "Running", "Pending", "Task definition"],
            report.Services.Select(s => (string[])[s.Name, s.LaunchType, Text(s.Desired)!, Text(s.Running)!, Text(s.Pending)!, s.TaskDefinition]));
        Show(["Queue", "Waiting", "In flight", "Delayed"], report.Queues.Select(q => (string[])[q.Name, Text(q.Visible)!, Text(q.InFlight)!, Text(q.Delayed)!]));
        AnsiConsole.WriteLine($"API {report.Endpoint}   page {report.WebPage}   data {report.Home}");
    }

    private static string? Text<T>(T value) where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);

    private static string? Text(int? value) => value?.ToString(CultureInfo.InvariantCulture);

    private static void Show(string[] heads, IEnumerable<string[]> rows)
    {
        var table = new Table { Border = TableBorder.Rounded };
        table.AddColumns(heads);
        foreach (var row in rows)
        {
            table.AddRow([.. row.Select(cell => Markup.Escape(cell))]);
        }
        if (table.Rows.Count > 0)
        {
            AnsiConsole.Write(table);
        }
    }
}
