using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Longspan.Api.Shapes;
using Longspan.Cli.Connection;
using Longspan.Cli.Output;
using Longspan.Cli.Queues;
using Spectre.Console;

namespace Longspan.Cli.Commands;

/// <summary><c>longspan queue list</c>: every queue with its depths and the age of its oldest message.</summary>
internal static class QueueListCommand
{
    public static Command Create()
    {
        var prefix = new Option<string?>("--prefix") { Description = "Only queues whose names begin so" };
        var sort = new Option<string>("--sort") { Description = "name; age or depth: the largest first", DefaultValueFactory = _ => "name" };
        sort.AcceptOnlyFromAmong("name", "age", "depth");
        var command = new Command("list", "List queues with their depths and the age of the oldest message") { prefix, sort };
        ConnectionOptions.Complete(command, async (parsed, server, json, stop) =>
        {
            var queues = await ReadAsync(server, parsed.GetValue(prefix), stop);
            QueueSummary[] sorted = parsed.GetValue(sort) switch
            {
                "age" => [.. queues.OrderByDescending(q => q.OldestAgeSeconds ?? -1).ThenBy(q => q.Name, StringComparer.Ordinal)],
                "depth" => [.. queues.OrderByDescending(q => q.Visible + q.InFlight + q.Delayed).ThenBy(q => q.Name, StringComparer.Ordinal)],
                _ => [.. queues.OrderBy(q => q.Name, StringComparer.Ordinal)],
            };
            if (json)
            {
                Json.Print(new QueueListReport(sorted));
            }
            else
            {
                Print(sorted, parsed.GetValue(prefix));
            }
            return 0;
        });
        return command;
    }

    private static async Task<IReadOnlyList<QueueSummary>> ReadAsync(ServerConnection server, string? prefix, CancellationToken stop)
    {
        var urls = await server.UrlsAsync(prefix, stop);
        var found = new QueueSummary?[urls.Count];
        var aged = true;
        await Parallel.ForAsync(0, urls.Count, new ParallelOptions { MaxDegreeOfParallelism = ServerConnection.Concurrency, CancellationToken = stop }, async (i, each) =>
        {
            try
            {
                var attributes = await server.AttributesAsync(urls[i], each);
                found[i] = Summary(urls[i], attributes, Volatile.Read(ref aged) ? await AgeAsync(server, urls[i], each) : null);
            }
            catch (AwsError gone) when (gone.Code is "QueueDoesNotExist")
            {
                // Deleted since it was listed.
            }
            catch (UnofferedException)
            {
                Volatile.Write(ref aged, false);
                found[i] = Summary(urls[i], await server.AttributesAsync(urls[i], each), null);
            }
        });
        if (!aged)
        {
            Console.Error.WriteLine("longspan: this server does not tell ages; it is not Longspan, or an older one.");
        }
        return [.. found.OfType<QueueSummary>()];
    }

    private sealed class UnofferedException : Exception;

    private static async Task<long?> AgeAsync(ServerConnection server, string url, CancellationToken stop)
    {
        try
        {
            return await server.OldestAgeAsync(url, stop);
        }
        catch (AwsError unknown) when (unknown.Code is "UnknownOperationException" or "InvalidAction")
        {
            throw new UnofferedException();
        }
    }

    private static QueueSummary Summary(string url, Dictionary<string, string> attributes, long? age)
    {
        var redrive = attributes.GetValueOrDefault("RedrivePolicy") is { Length: > 0 } policy ? JsonNode.Parse(policy) : null;
        return new QueueSummary(
            QueueCalls.NameOf(url), url,
            QueueCalls.Count(attributes, "ApproximateNumberOfMessages"), QueueCalls.Count(attributes, "ApproximateNumberOfMessagesNotVisible"),
            QueueCalls.Count(attributes, "ApproximateNumberOfMessagesDelayed"), age,
            redrive?["deadLetterTargetArn"]?.ToString().Split(':')[^1],
            redrive?["maxReceiveCount"] is { } count ? int.Parse(count.ToString(), CultureInfo.InvariantCulture) : null,
            attributes.GetValueOrDefault("FifoQueue") == "true");
    }

    private static void Print(QueueSummary[] queues, string? prefix)
    {
        if (queues.Length == 0)
        {
            Terminal.Line(prefix is null ? "There are no queues." : $"There are no queues whose names begin with '{PrintableText.Line(prefix, 80)}'.");
            return;
        }
        var table = new Table { Border = TableBorder.Rounded };
        table.AddColumns("Queue", "Visible", "In flight", "Delayed", "Oldest", "Dead letters to", "Kind");
        foreach (var queue in queues)
        {
            table.AddRow(
                Markup.Escape(queue.Name), Text(queue.Visible), Text(queue.InFlight), Text(queue.Delayed),
                queue.OldestAgeSeconds is { } age ? PrintableText.Age(age) : "",
                queue.DeadLetterQueue is null ? "" : Markup.Escape($"{queue.DeadLetterQueue} after {queue.MaxReceiveCount}"), queue.Fifo ? "FIFO" : "standard");
        }
        AnsiConsole.Write(table);
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
