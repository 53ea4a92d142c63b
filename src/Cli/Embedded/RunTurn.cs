namespace Longspan.Cli.Embedded;

/// <summary>
/// One <c>up</c> or <c>down</c> at a time: sites, names and addresses of the embedded run are the machine's, whatever its home. The kernel
/// takes the lock back from a process that dies, and processes that <c>up</c> starts do not inherit it.
/// </summary>
internal static class RunTurn
{
    // Only root writes to this folder, and it is empty after a start of the machine.
    private const string LockFile = "/run/longspan-embedded.lock";
    // EWOULDBLOCK, as which a file that somebody else has locked is told.
    private const int WouldBlock = 11;

    public static IDisposable Take()
    {
        try
        {
            return new FileStream(LockFile, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None,
                // Whoever may open it may also hold it locked.
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (IOException error) when (error.HResult == WouldBlock)
        {
            throw new CommandFailure("Another 'longspan up' or 'longspan down' is at work on this machine.", "Wait until it has ended, then try again.");
        }
    }
}
