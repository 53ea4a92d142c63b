using System.CommandLine;
using System.CommandLine.Parsing;

namespace Longspan.Cli.Commands;

/// <summary>Options that several commands take, spelled once.</summary>
internal static class SharedOptions
{
    /// <summary>Where an embedded run keeps everything: <c>LONGSPAN_HOME</c>, else <c>~/.longspan</c>.</summary>
    public static Option<DirectoryInfo> Home() => new("--home")
    {
        Description = "Folder of the embedded run (default: $LONGSPAN_HOME, else ~/.longspan)",
        DefaultValueFactory = _ => new DirectoryInfo(DefaultHome),
    };

    public static Option<string> OutputFormat()
    {
        var option = new Option<string>("--output") { Description = "text for people, json for programs", DefaultValueFactory = _ => "text" };
        option.AcceptOnlyFromAmong("text", "json");
        return option;
    }

    /// <summary>An option that takes an absolute URL.</summary>
    public static Option<Uri> Url(string name, string description, Func<Uri> byDefault) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => byDefault(),
        CustomParser = result =>
        {
            if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var url))
            {
                return url;
            }
            result.AddError($"{name} {result.Tokens[0].Value} is not a URL; use for example {byDefault()}.");
            return null;
        },
    };

    /// <summary>An option that takes a program with its arguments. They are split at blanks, quotes keep them together, and no shell looks at them.</summary>
    public static Option<string[]> KeyCommand(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "PROGRAM ARGUMENTS",
        CustomParser = result =>
        {
            string[] command = [.. CommandLineParser.SplitCommandLine(result.Tokens[0].Value)];
            if (command.Length > 0)
            {
                return command;
            }
            result.AddError($"{name} names no program.");
            return null;
        },
        Arity = ArgumentArity.ExactlyOne,
    };

    /// <summary>The program of a <see cref="KeyCommand"/>; null when the option was not given, which the parser tells as an empty list.</summary>
    public static string[]? ProgramOf(ParseResult parsed, Option<string[]> option) => parsed.GetValue(option) is { Length: > 0 } program ? program : null;

    public static Argument<string> Site()
    {
        var argument = new Argument<string>("SITE") { Description = "on-premises" };
        argument.AcceptOnlyFromAmong(Embedded.Topology.PremisesSite);
        return argument;
    }

    private static string DefaultHome =>
        Environment.GetEnvironmentVariable("LONGSPAN_HOME") is { Length: > 0 } home
            ? home
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".longspan");
}
