using System.CommandLine;

namespace Longspan.Cli.Commands;

/// <summary><c>longspan queue</c>: what people on call want of queues.</summary>
internal static class QueueCommand
{
    public static Command Create() => new("queue", "Look at queues and messages, redrive dead letters, purge")
    {
        QueueListCommand.Create(),
        QueuePeekCommand.Create(),
        QueueTailCommand.Create(),
        QueueRedriveCommand.Create(),
        QueuePurgeCommand.Create(),
    };

    public static Argument<string> NameArgument(string name = "NAME", string description = "The queue's name or URL; of a URL only the path counts") =>
        new(name) { Description = description };
}
