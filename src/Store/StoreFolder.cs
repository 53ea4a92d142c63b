using System.Security.Cryptography;
using Longspan.Store.Documents;
using Longspan.Store.Files;
using Longspan.Store.Sqlite;

namespace Longspan.Store;

/// <summary>
/// A data folder: everything durable that one server owns.
/// <code>
/// lock, lock.pid     held while a server runs on the folder
/// keys/seal.key      the key of secret documents; back it up apart from the databases
/// documents.db       the document log
/// </code>
/// </summary>
public sealed class StoreFolder : IAsyncDisposable
{
    private readonly FolderLock hold;

    private StoreFolder(string path, FolderLock hold, Sealer sealer, DocumentLog documents)
    {
        Path = path;
        this.hold = hold;
        Sealer = sealer;
        Documents = documents;
    }

    public string Path { get; }

    public Sealer Sealer { get; }

    public DocumentLog Documents { get; }

    /// <exception cref="DataFolderInUseException">Another process has it.</exception>
    public static async ValueTask<StoreFolder> OpenAsync(
        string path, TimeProvider clock, DocumentLogSettings? settings = null, CancellationToken stop = default)
    {
        path = System.IO.Path.GetFullPath(path);
        CreatePrivateDirectory(path);
        var hold = FolderLock.Take(path);
        try
        {
            var documentsPath = System.IO.Path.Combine(path, "documents.db");
            var sealer = new Sealer(ReadOrMakeKey(path, mayMake: !File.Exists(documentsPath)));
            var documents = await DocumentLog.OpenAsync(new SqliteDocumentBackend(documentsPath), sealer, clock, settings, stop).ConfigureAwait(false);
            return new StoreFolder(path, hold, sealer, documents);
        }
        catch
        {
            hold.Dispose();
            throw;
        }
    }

    /// <summary>The place of a further store of this folder, one that its owner opens.</summary>
    public string PathOf(string file) => System.IO.Path.Combine(Path, file);

    private static byte[] ReadOrMakeKey(string folder, bool mayMake)
    {
        var keys = System.IO.Path.Combine(folder, "keys");
        var path = System.IO.Path.Combine(keys, "seal.key");
        if (File.Exists(path))
        {
            var key = File.ReadAllBytes(path);
            return key.Length == Sealer.KeyBytes ? key : throw new InvalidDataException($"{path} is not a key of {Sealer.KeyBytes} bytes.");
        }
        if (!mayMake)
        {
            // A new key would silently orphan every secret in the database.
            throw new InvalidDataException($"{path} is missing, but the folder has documents sealed with it. Put the key file back.");
        }
        CreatePrivateDirectory(keys);
        var made = RandomNumberGenerator.GetBytes(Sealer.KeyBytes);
        FileSync.WritePrivate(path, made);
        FileSync.Directory(folder);
        return made;
    }

    private static void CreatePrivateDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }
        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public async ValueTask DisposeAsync()
    {
        await Documents.DisposeAsync().ConfigureAwait(false);
        Sealer.Dispose();
        hold.Dispose();
    }
}
