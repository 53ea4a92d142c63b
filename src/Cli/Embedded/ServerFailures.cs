using System.Net.Sockets;
using Longspan.Server;
using Longspan.Store;

namespace Longspan.Cli.Embedded;

/// <summary>Says in words what commonly keeps a server from starting.</summary>
internal static class ServerFailures
{
    public static CommandFailure? Explain(Exception error, ServerSettings settings) => error switch
    {
        DataFolderInUseException inUse => new CommandFailure(inUse.Message, "Stop the other server, or give this one its own --data folder."),
        IOException { InnerException: { } inner } when IsAddressInUse(inner) => new CommandFailure(
            $"Port {settings.Port} is in use.", "Choose another with --port, or stop the program that has it (ss -ltnp shows it)."),
        SocketException { SocketErrorCode: SocketError.AddressNotAvailable } => new CommandFailure(
            $"An address of --bind is not one of this machine's: {string.Join(", ", settings.Bind)}."),
        UnauthorizedAccessException denied => new CommandFailure(denied.Message, $"The server needs to write to {settings.DataFolder}."),
        SealException seal => new CommandFailure(
            seal.Message, $"Put back {Path.Combine(settings.DataFolder, "keys", "seal.key")} as it was when the folder was last used, or the folder from a backup."),
        InvalidDataException damaged => new CommandFailure(damaged.Message),
        _ => null,
    };

    private static bool IsAddressInUse(Exception error) =>
        error is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } || error.InnerException is { } inner && IsAddressInUse(inner);
}
