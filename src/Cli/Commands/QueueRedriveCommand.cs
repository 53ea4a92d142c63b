using System.CommandLine;
using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Cli.Connection;
using Longspan.Cli.Embedded;
using Longspan.Cli.Output;
using Longspan.Cli.Queues;

namespace Longspan.Cli.Commands;

/// <summary>
/// <c>longspan queue redrive</c>: moves dead letters back with a message move task and watches it. The task is the server's: it goes on when this
/// command ends, and after a restart of the server.
/// </summary>
internal static class QueueRedriveCommand
{
    private const int InterruptedExitCode = 130;
    private const int MostPerSecond = 500;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public static Command Create()
    {
        var name = QueueCommand.NameArgument("DLQ", "The dead-letter queue's name or URL");
        var to = new Option<string?>("--to") { Description = "Where all go (default: each to the queue that it came from)" };
        var rate = ConnectionOptions.Number("--rate", "Messages a second (default: as many as the server moves)", MostPerSecond);
        var status = new Option<bool>("--status") { Description = "Only show the newest move from this queue" };
        var cancel = new Option<bool>("--cancel") { Description = "Cancel the move that is running; what was moved stays moved" };
        var command = new Command("redrive", "Move dead letters back to where they came from, or to another queue") { name, to, rate, status, cancel };
        command.Validators.Add(result =>
        {
            if (result.GetValue(status) && result.GetValue(cancel))
            {
                result.AddError("--status and --cancel cannot be used together.");
            }
        });
        ConnectionOptions.Complete(command, async (parsed, server, json, stop) =>
        {
            var url = await server.UrlOfAsync(parsed.GetRequiredValue(name), stop);
            var move = new Move(server, QueueCalls.NameOf(url), await ArnAsync(server, url, stop), json);
            if (parsed.GetValue(status))
            {
                return move.Report(await move.NewestAsync(stop) ?? throw new CommandFailure($"No messages have been moved from {move.Name}.", $"Start with 'longspan queue redrive {move.Name}'."));
            }
            if (parsed.GetValue(cancel))
            {
                return await move.CancelAsync(stop);
            }
            var destination = parsed.GetValue(to) is { } target ? await ArnAsync(server, await server.UrlOfAsync(target, stop), stop) : null;
            return await move.RunAsync(destination, parsed.GetValue(rate), stop);
        });
        return command;
    }

    private static async Task<string> ArnAsync(ServerConnection server, string url, CancellationToken stop) => (await server.AttributesAsync(url, stop))["QueueArn"];

    private sealed class Move(ServerConnection server, string name, string arn, bool json)
    {
        public string Name => name;

        public async Task<ListMessageMoveTasksResultEntry?> NewestAsync(CancellationToken stop) =>
            (await server.CallAsync(SqsOperations.ListMessageMoveTasks, new() { SourceArn = arn, MaxResults = 1 }, stop)).Results?.FirstOrDefault();

        public async Task<int> RunAsync(string? destination, int? rate, CancellationToken stop)
        {
            try
            {
                await server.CallAsync(
                    SqsOperations.StartMessageMoveTask, new() { SourceArn = arn, DestinationArn = destination, MaxNumberOfMessagesPerSecond = rate }, stop);
            }
            catch (AwsError refused) when (refused.Message.Contains("already a task running", StringComparison.Ordinal))
            {
                throw new CommandFailure($"Messages are being moved from {name} already.", $"See it with 'longspan queue redrive {name} --status', end it with --cancel.");
            }
            catch (AwsError refused) when (refused.Message.Contains("Dead Letter Queue", StringComparison.Ordinal))
            {
                throw new CommandFailure(
                    $"{name} is not a dead-letter queue: no queue names it in its RedrivePolicy.", "'longspan queue list' shows which queue sends its dead letters where.");
            }
            try
            {
                return await FollowAsync(stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                Console.Error.WriteLine();
                Console.Error.WriteLine($"longspan: the move goes on in the server. See it: 'longspan queue redrive {name} --status'. End it: 'longspan queue redrive {name} --cancel'.");
                return InterruptedExitCode;
            }
        }

        public async Task<int> CancelAsync(CancellationToken stop)
        {
            if (await NewestAsync(stop) is not { Status: "RUNNING", TaskHandle: { } handle })
            {
                throw new CommandFailure($"Nothing is being moved from {name}.", $"'longspan queue redrive {name} --status' shows the newest move.");
            }
            await server.CallAsync(SqsOperations.CancelMessageMoveTask, new() { TaskHandle = handle }, stop);
            while (true)
            {
                var task = await NewestAsync(stop);
                if (task is not { Status: "RUNNING" or "CANCELLING" })
                {
                    Print(task!);
                    return task?.Status is "CANCELLED" or "COMPLETED" ? 0 : 1;
                }
                await Task.Delay(Pause, stop);
            }
        }

        public int Report(ListMessageMoveTasksResultEntry task)
        {
            Print(task);
            return task.Status == "FAILED" ? 1 : 0;
        }

        private async Task<int> FollowAsync(CancellationToken stop)
        {
            var shown = -1L;
            while (true)
            {
                var task = await NewestAsync(stop) ?? throw new CommandFailure($"The move from {name} is not known any more.", "Was the server reset?");
                var moved = task.ApproximateNumberOfMessagesMoved ?? 0;
                if (task.Status is not ("RUNNING" or "CANCELLING"))
                {
                    Print(task);
                    return task.Status == "COMPLETED" ? 0 : 1;
                }
                if (moved != shown)
                {
                    shown = moved;
                    Console.Error.WriteLine($"  {moved} of about {task.ApproximateNumberOfMessagesToMove ?? 0} moved");
                }
                await Task.Delay(Pause, stop);
            }
        }

        private void Print(ListMessageMoveTasksResultEntry task)
        {
            if (json)
            {
                Json.Print(new QueueMoveReport(
                    name, task.Status ?? "", task.ApproximateNumberOfMessagesMoved ?? 0, task.ApproximateNumberOfMessagesToMove ?? 0,
                    task.DestinationArn?.Split(':')[^1], task.MaxNumberOfMessagesPerSecond, task.StartedTimestamp ?? 0, task.FailureReason));
                return;
            }
            Terminal.Line(
                $"{task.Status}: {task.ApproximateNumberOfMessagesMoved ?? 0} of about {task.ApproximateNumberOfMessagesToMove ?? 0} moved from {name}"
                + (task.DestinationArn is { } to ? $" to {to.Split(':')[^1]}" : " to where they came from")
                + $", started {PrintableText.Time(task.StartedTimestamp ?? 0)}.");
            if (task.FailureReason is { } reason)
            {
                Terminal.Line($"  {reason}: {MoveReasons.Explain(reason)}");
            }
        }
    }
}
