using System.CommandLine;
using Longspan.Cli.Embedded;

namespace Longspan.Cli.Commands;

/// <summary><c>longspan logs [PROCESS]</c>: the end of the embedded processes' own logs. Container logs are in CloudWatch Logs.</summary>
internal static class LogsCommand
{
    private const int LongestTail = 10_000;
    private static readonly TimeSpan FollowPause = TimeSpan.FromMilliseconds(250);

    public static Command Create()
    {
        var homeOption = SharedOptions.Home();
        var process = new Argument<string>("PROCESS") { Description = "server, cloud-1, onprem-1; all of them when left out", Arity = ArgumentArity.ZeroOrOne };
        process.AcceptOnlyFromAmong("server", Topology.CloudNode, Topology.PremisesNode);
        var lines = new Option<int>("--tail", "-n") { Description = "How many lines", DefaultValueFactory = _ => 50 };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on until interrupted" };
        var command = new Command("logs", "Show the logs of the embedded run's own processes") { process, homeOption, lines, follow };
        command.SetAction(async (parsed, stop) =>
        {
            var home = new Home(parsed.GetRequiredValue(homeOption).FullName);
            string[] names = parsed.GetValue(process) is { } one ? [one] : ["server", Topology.CloudNode, Topology.PremisesNode];
            var positions = names.Select(name => (name, path: home.LogOf(name))).Where(log => File.Exists(log.path))
                .ToDictionary(log => log.name, log => Tail(log.name, log.path, Math.Clamp(parsed.GetValue(lines), 0, LongestTail), names.Length > 1));
            if (positions.Count == 0)
            {
                throw new CommandFailure($"There are no logs in {home.Logs}.", "Start the system with 'longspan up'.");
            }
            while (parsed.GetValue(follow))
            {
                await Task.Delay(FollowPause, stop);
                foreach (var name in positions.Keys.ToList())
                {
                    positions[name] = PrintFrom(name, home.LogOf(name), positions[name], names.Length > 1);
                }
            }
            return 0;
        });
        return command;
    }

    private static long Tail(string name, string path, int count, bool prefix)
    {
        var last = new Queue<string>();
        long end;
        using (var reader = Open(path, 0))
        {
            while (reader.ReadLine() is { } line)
            {
                last.Enqueue(line);
                if (last.Count > count)
                {
                    last.Dequeue();
                }
            }
            end = reader.BaseStream.Position;
        }
        foreach (var line in last)
        {
            Print(name, line, prefix);
        }
        return end;
    }

    private static long PrintFrom(string name, string path, long position, bool prefix)
    {
        using var reader = Open(path, position);
        while (reader.ReadLine() is { } line)
        {
            Print(name, line, prefix);
        }
        return reader.BaseStream.Position;
    }

    private static StreamReader Open(string path, long position)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        file.Position = Math.Min(position, file.Length);
        return new StreamReader(file);
    }

    private static void Print(string name, string line, bool prefix) => Console.WriteLine(prefix ? $"{name,-9} {line}" : line);
}
