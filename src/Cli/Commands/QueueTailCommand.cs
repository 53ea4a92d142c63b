using System.CommandLine;
using System.Text;
using Longspan.Api.LongspanQueues;
using Longspan.Api.Shapes;
using Longspan.Cli.Connection;
using Longspan.Cli.Embedded;
using Longspan.Cli.Queues;
using Microsoft.Win32.SafeHandles;

namespace Longspan.Cli.Commands;

/// <summary><c>longspan queue tail</c>: shows messages as they are sent, whoever receives and deletes them, until interrupted.</summary>
internal static class QueueTailCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan AwayPause = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var name = QueueCommand.NameArgument();
        var count = ConnectionOptions.Number("--count", "End after so many messages", int.MaxValue);
        count.Aliases.Add("-n");
        var command = new Command("tail", "Show messages as they are sent, without receiving them; Ctrl-C ends it") { name, count };
        ConnectionOptions.Complete(command, async (parsed, server, json, stop) =>
        {
            var url = await server.UrlOfAsync(parsed.GetRequiredValue(name), stop);
            await using var output = new StreamWriter(OpenOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            var tail = new Tail(server, url, output, json, parsed.GetValue(count) ?? int.MaxValue);
            try
            {
                await tail.RunAsync(stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // Ctrl-C is how it ends.
            }
            Console.Error.WriteLine(tail.Summary);
            return 0;
        });
        return command;
    }

    /// <summary>
    /// Console swallows the end of a pipe, and <c>tail | head</c> would go on for ever; a file, on the other hand, may be shared with standard
    /// error, and only Console writes where the other has stopped.
    /// </summary>
    private static Stream OpenOutput()
    {
        var pipe = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        if (!pipe.CanSeek)
        {
            return pipe;
        }
        pipe.Dispose();
        return Console.OpenStandardOutput();
    }

    private sealed class Tail(ServerConnection server, string url, StreamWriter output, bool json, int rest)
    {
        private string? _after;
        private long _seen;
        private long _missed;
        private bool _away;

        public string Summary => $"longspan: {_seen} messages seen{(_missed > 0 ? $", {_missed} too fast to be shown" : "")}.";

        public async Task RunAsync(CancellationToken stop)
        {
            _after = (await LookAsync(stop)).After;
            Console.Error.WriteLine($"longspan: watching {QueueCalls.NameOf(url)}; Ctrl-C ends it.");
            while (rest > 0)
            {
                await Task.Delay(_away ? AwayPause : Pause, stop);
                if (await TryLookAsync(stop) is { } news && !await ShowAsync(news, stop))
                {
                    return;
                }
            }
        }

        private Task<WatchMessagesResult> LookAsync(CancellationToken stop) =>
            server.CallAsync(LongspanQueuesOperations.WatchMessages, new() { QueueUrl = url, After = _after }, stop);

        /// <summary>A server that is started again is waited for; the position tells whether anything was missed.</summary>
        private async Task<WatchMessagesResult?> TryLookAsync(CancellationToken stop)
        {
            try
            {
                var news = await LookAsync(stop);
                _away = false;
                return news;
            }
            catch (Exception e) when (e is HttpRequestException or IOException or AwsError { IsServerFault: true } || (e is OperationCanceledException && !stop.IsCancellationRequested))
            {
                if (!_away)
                {
                    Console.Error.WriteLine("longspan: the server does not answer, or cannot; waiting for it.");
                }
                _away = true;
                return null;
            }
        }

        /// <summary>False when nobody reads the output any more.</summary>
        private async Task<bool> ShowAsync(WatchMessagesResult news, CancellationToken stop)
        {
            _after = news.After;
            if (news.Interrupted == true)
            {
                Console.Error.WriteLine("longspan: the watch was interrupted; messages may have been missed.");
            }
            if (news.Missed > 0)
            {
                _missed += news.Missed.Value;
                Console.Error.WriteLine($"longspan: {news.Missed} messages came too fast to be shown.");
            }
            try
            {
                foreach (var message in (news.Messages ?? []).Take(rest))
                {
                    await output.WriteLineAsync((json ? MessageDocument.Line(message) : MessageLines.One(message)).AsMemory(), stop);
                    _seen++;
                    rest--;
                }
                await output.FlushAsync(stop);
                return true;
            }
            catch (IOException)
            {
                return false;
            }
        }
    }
}
