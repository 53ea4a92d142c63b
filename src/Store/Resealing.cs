using System.Security.Cryptography;
using Longspan.Store.Sqlite;

namespace Longspan.Store;

/// <summary>
/// Moves a data folder that no server uses to a new sealing key: every sealed document is opened with the old key and sealed with the new one,
/// in bounded transactions. Until the last is done both keys are kept; after a crash the same call goes on with the same new key. At the end
/// the database file is rewritten, so that nothing sealed with the old key is left in its free pages.
/// </summary>
public static class Resealing
{
    /// <param name="path">The data folder.</param>
    /// <param name="keyCommand">Tells the present key; null for the file.</param>
    /// <param name="newKeyCommand">Tells the key that follows; null for a new one in the file.</param>
    /// <returns>How many documents this call sealed anew.</returns>
    /// <exception cref="InvalidDataException">There is nothing to seal, or a key that is needed is missing. Nothing was changed.</exception>
    /// <exception cref="SealException">A document opens with neither key. What was sealed anew before stays so.</exception>
    public static async ValueTask<int> RunAsync(
        string path, IReadOnlyList<string>? keyCommand, IReadOnlyList<string>? newKeyCommand, CancellationToken stop)
    {
        path = Path.GetFullPath(path);
        var documents = Path.Combine(path, StoreFolder.DocumentsFile);
        if (!File.Exists(documents))
        {
            throw new InvalidDataException($"{path} is not the data folder of a server: it has no {StoreFolder.DocumentsFile}.");
        }
        using var hold = FolderLock.Take(path);
        var keys = new KeyFolder(path);
        // A crash at the very end can have removed the old key's file already; then every document has the new key.
        var isEnding = keyCommand is null && newKeyCommand is not null && File.Exists(keys.Next) && !File.Exists(keys.File);
        var old = isEnding ? null : await keys.ReadAsync(keyCommand, stop).ConfigureAwait(false);
        var next = await keys.BeginAsync(newKeyCommand, stop).ConfigureAwait(false);
        try
        {
            using var from = new Sealer(old ?? next);
            using var to = new Sealer(next);
            var count = SqliteResealing.Run(documents, from, to, stop);
            keys.Finish(newKeyCommand is not null);
            return count;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(old);
            CryptographicOperations.ZeroMemory(next);
        }
    }
}
