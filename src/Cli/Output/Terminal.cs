using System.Diagnostics;
using Longspan.Cli.Embedded;
using Spectre.Console;

namespace Longspan.Cli.Output;

/// <summary>What commands print: steps with their times for people; plain lines when output is not a terminal.</summary>
internal sealed class Terminal(IAnsiConsole console)
{
    private const int PipedWidth = 400;

    public static Terminal Standard() => new(AnsiConsole.Console);

    /// <summary>Piped output has no width; the library would wrap it at 80 columns in the middle of addresses.</summary>
    public static void Prepare()
    {
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = PipedWidth;
        }
    }

    public bool IsInteractive => console.Profile.Capabilities.Interactive && !Console.IsInputRedirected && !Console.IsOutputRedirected;

    public static void Line(string text = "") => Console.WriteLine(text);

    public void Heading(string text) => console.MarkupLineInterpolated($"[bold]{text}[/]");

    public void Note(string text) => console.MarkupLineInterpolated($"[grey]{text}[/]");

    public void Warning(string text) => console.MarkupLineInterpolated($"[yellow]warning:[/] {text}");

    public static void Failure(CommandFailure failure)
    {
        Console.Error.WriteLine($"longspan: {failure.Message}");
        if (failure.Next is not null)
        {
            Console.Error.WriteLine($"          {failure.Next}");
        }
    }

    public bool Confirm(string question) => IsInteractive && console.Confirm(question, defaultValue: true);

    /// <summary>Shows a step while it runs, and its time when it is done.</summary>
    public async Task StepAsync(string name, Func<Task> work)
    {
        var took = Stopwatch.StartNew();
        if (IsInteractive)
        {
            await console.Status().Spinner(Spinner.Known.Dots).StartAsync(Markup.Escape(name), _ => work());
        }
        else
        {
            await work();
        }
        console.MarkupLineInterpolated($"  [green]✓[/] {name} [grey]{took.Elapsed.TotalSeconds:0.0} s[/]");
    }
}
