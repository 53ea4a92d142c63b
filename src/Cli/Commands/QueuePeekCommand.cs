using System.CommandLine;
using Longspan.Api.LongspanQueues;
using Longspan.Cli.Connection;
using Longspan.Cli.Embedded;
using Longspan.Cli.Output;
using Longspan.Cli.Queues;

namespace Longspan.Cli.Commands;

/// <summary><c>longspan queue peek</c>: looks at a queue's messages, oldest first, without receiving them.</summary>
internal static class QueuePeekCommand
{
    private const int Most = 10_000;
    private const int Default = 10;
    private const int PageSize = 100;

    public static Command Create()
    {
        var name = QueueCommand.NameArgument();
        var count = ConnectionOptions.Number("--count", "How many messages (default: 10)", Most);
        count.Aliases.Add("-n");
        var command = new Command("peek", "Look at messages without receiving them: nothing about them changes") { name, count };
        ConnectionOptions.Complete(command, async (parsed, server, json, stop) =>
        {
            var url = await server.UrlOfAsync(parsed.GetRequiredValue(name), stop);
            var attributes = await server.AttributesAsync(url, stop);
            var printer = json ? new MessageDocument(QueueCalls.NameOf(url)) : null;
            if (printer is null)
            {
                Terminal.Line(MessageLines.Head(QueueCalls.NameOf(url), attributes));
            }
            using (printer)
            {
                var rest = parsed.GetValue(count) ?? Default;
                string? after = null;
                do
                {
                    var page = await server.CallAsync(
                        LongspanQueuesOperations.PeekMessages, new() { QueueUrl = url, MaxNumberOfMessages = Math.Min(rest, PageSize), After = after }, stop);
                    foreach (var message in page.Messages ?? [])
                    {
                        Print(printer, message);
                        rest--;
                    }
                    after = page.Next;
                }
                while (rest > 0 && after is not null);
                printer?.End();
                if (printer is null && after is not null)
                {
                    Terminal.Line("There are more; --count shows more of them.");
                }
            }
            return 0;
        });
        return command;
    }

    private static void Print(MessageDocument? document, PeekedMessage message)
    {
        if (document is not null)
        {
            document.Add(message);
            return;
        }
        foreach (var line in MessageLines.Block(message, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()))
        {
            Terminal.Line(line);
        }
    }
}
