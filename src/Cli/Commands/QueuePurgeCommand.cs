using System.CommandLine;
using Longspan.Api.Sqs;
using Longspan.Cli.Connection;
using Longspan.Cli.Embedded;
using Longspan.Cli.Output;
using Longspan.Cli.Queues;

namespace Longspan.Cli.Commands;

/// <summary><c>longspan queue purge</c>: deletes every message of a queue, after its name has been typed once more.</summary>
internal static class QueuePurgeCommand
{
    public static Command Create()
    {
        var name = QueueCommand.NameArgument();
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask; for scripts" };
        var command = new Command("purge", "Delete every message of a queue, in flight and delayed ones too") { name, yes };
        ConnectionOptions.Complete(command, async (parsed, server, json, stop) =>
        {
            var sure = parsed.GetValue(yes);
            if (!sure && (Console.IsInputRedirected || Console.IsErrorRedirected))
            {
                throw new CommandFailure("Purging deletes messages for good and wants to be confirmed, and there is no terminal to ask.", "Use --yes in scripts.", exitCode: 2);
            }
            var url = await server.UrlOfAsync(parsed.GetRequiredValue(name), stop);
            var own = QueueCalls.NameOf(url);
            var attributes = await server.AttributesAsync(url, stop);
            if (!sure)
            {
                Confirm(own, attributes, server.Endpoint);
            }
            await server.CallAsync(SqsOperations.PurgeQueue, new() { QueueUrl = url }, stop);
            var count = MessageLines.Total(attributes);
            if (json)
            {
                Json.Print(new QueuePurgeReport(own, count));
            }
            else
            {
                Terminal.Line($"Purged {own}: it held {MessageLines.Messages(count)}.");
            }
            return 0;
        });
        return command;
    }

    private static void Confirm(string name, Dictionary<string, string> attributes, Uri endpoint)
    {
        Console.Error.WriteLine(MessageLines.Head(name, attributes));
        Console.Error.Write($"All of it will be deleted at {endpoint}, for good. Type the queue's name to go on: ");
        if (Console.ReadLine()?.Trim() != name)
        {
            throw new CommandFailure("That is not the queue's name; nothing was deleted.");
        }
    }
}
