using System.Net.Sockets;
using Longspan.Server;
using Longspan.Store;
using Longspan.Store.Sqlite;

namespace Longspan.Cli.Embedded;

/// <summary>Says in words what commonly keeps a server from starting.</summary>
internal static class ServerFailures
{
    /// <summary>Linux's numbers, which are what an <see cref="IOException"/> carries there.</summary>
    private const int NoSpace = 28;
    private const int ReadOnly = 30;

    public static CommandFailure? Explain(Exception error, ServerSettings settings) => error switch
    {
        DataFolderInUseException inUse => new CommandFailure(inUse.Message, "Stop the other server, or give this one its own --data folder."),
        IOException { InnerException: { } inner } when IsAddressInUse(inner) => new CommandFailure(
            $"Port {settings.Port} is in use.", "Choose another with --port, or stop the program that has it (ss -ltnp shows it)."),
        SocketException { SocketErrorCode: SocketError.AddressNotAvailable } => new CommandFailure(
            $"An address of --bind is not one of this machine's: {string.Join(", ", settings.Bind)}."),
        UnauthorizedAccessException denied => new CommandFailure(denied.Message, $"The server needs to write to {settings.DataFolder}."),
        SealException seal => new CommandFailure(
            seal.Message, $"Put back {Path.Combine(settings.DataFolder, "keys", "seal.key")} as it was when the folder was last used (or the --key-command that told its key), or the folder from a backup."),
        SqliteFault { IsDamage: true } damaged => new CommandFailure(
            $"A database of the data folder is damaged. {damaged.Message}",
            $"Keep a copy of {settings.DataFolder}, check the disk, and put the folder back from a backup. Nothing was changed."),
        SqliteFault refused => new CommandFailure(
            $"The disk refused. {refused.Message}", $"Make room on the disk of {settings.DataFolder}, or make it writable, and start again."),
        IOException { HResult: NoSpace or ReadOnly } refused => new CommandFailure(
            refused.Message, $"Make room on the disk of {settings.DataFolder}, or make it writable, and start again."),
        InvalidDataException damaged => new CommandFailure(damaged.Message),
        _ => null,
    };

    private static bool IsAddressInUse(Exception error) =>
        error is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } || error.InnerException is { } inner && IsAddressInUse(inner);
}
