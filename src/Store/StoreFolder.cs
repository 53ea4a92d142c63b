using Longspan.Store.Blobs;
using Longspan.Store.Documents;
using Longspan.Store.Files;
using Longspan.Store.Records;
using Longspan.Store.Sqlite;

namespace Longspan.Store;

/// <summary>
/// A data folder: everything durable that one server owns.
/// <code>
/// lock, lock.pid     held while a server runs on the folder
/// keys/seal.key      the key of secret documents; back it up apart from the databases. Not there when a command tells the key
/// documents.db       the document log
/// records.db         log events
/// blobs/             image layers, manifests, archives
/// </code>
/// </summary>
public sealed class StoreFolder : IAsyncDisposable
{
    internal const string DocumentsFile = "documents.db";

    // In the order of opening; the lock goes last.
    private readonly Stack<IAsyncDisposable> opened;

    private StoreFolder(string path, Stack<IAsyncDisposable> opened, Sealer sealer, DocumentLog documents, RecordStore records, BlobStore blobs)
    {
        Path = path;
        this.opened = opened;
        Sealer = sealer;
        Documents = documents;
        Records = records;
        Blobs = blobs;
    }

    public string Path { get; }

    public Sealer Sealer { get; }

    public DocumentLog Documents { get; }

    public RecordStore Records { get; }

    public BlobStore Blobs { get; }

    /// <exception cref="DataFolderInUseException">Another process has it.</exception>
    /// <exception cref="InvalidDataException">The key is missing, or damaged, or not what was expected.</exception>
    /// <param name="path">The folder; made when it is missing.</param>
    /// <param name="clock">Times of changes and events.</param>
    /// <param name="settings">Bounds of the document log.</param>
    /// <param name="keyCommand">Program and arguments that tell the sealing key; null to keep it in a file.</param>
    /// <param name="stop">Ends the attempt.</param>
    public static async ValueTask<StoreFolder> OpenAsync(
        string path, TimeProvider clock, DocumentLogSettings? settings = null, IReadOnlyList<string>? keyCommand = null, CancellationToken stop = default)
    {
        path = System.IO.Path.GetFullPath(path);
        CreatePrivateDirectory(path);
        var opened = new Stack<IAsyncDisposable>();
        try
        {
            var hold = FolderLock.Take(path);
            opened.Push(new Closing(hold));
            PrivateFiles.Tighten(path, "*.db*");
            var documentsPath = System.IO.Path.Combine(path, DocumentsFile);
            var sealer = new Sealer(
                await new KeyFolder(path).ReadOrMakeAsync(keyCommand, mayMake: !File.Exists(documentsPath), stop).ConfigureAwait(false));
            opened.Push(new Closing(sealer));
            var documents = await DocumentLog.OpenAsync(new SqliteDocumentBackend(documentsPath), sealer, clock, settings, stop).ConfigureAwait(false);
            opened.Push(documents);
            var recordsPath = System.IO.Path.Combine(path, "records.db");
            var records = await RecordStore.OpenAsync(new SqliteRecordBackend(recordsPath), clock, stop: stop).ConfigureAwait(false);
            opened.Push(records);
            var blobs = FileBlobStore.Open(System.IO.Path.Combine(path, "blobs"), clock);
            opened.Push(blobs);
            return new StoreFolder(path, opened, sealer, documents, records, blobs);
        }
        catch
        {
            await CloseAsync(opened).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The place of a further store of this folder, one that its owner opens.</summary>
    public string PathOf(string file) => System.IO.Path.Combine(Path, file);

    // One that was made for us and is still empty becomes private as well; what an administrator opened up later stays as it is.
    internal static void CreatePrivateDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }
        const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(path, OwnerOnly);
        if (!Directory.EnumerateFileSystemEntries(path).Any())
        {
            File.SetUnixFileMode(path, OwnerOnly);
        }
    }

    /// <summary>Empties documents, records and blobs. The key stays: it is the folder's, not the content's.</summary>
    public async ValueTask ResetAsync(CancellationToken stop)
    {
        // Side by side: each costs a sync, and whole test suites wait for this between their cases.
        await Task.WhenAll(Documents.ResetAsync(stop).AsTask(), Records.ResetAsync(stop).AsTask(), Task.Run(() => Blobs.ResetAsync(stop).AsTask(), stop))
            .ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => CloseAsync(opened);

    private static async ValueTask CloseAsync(Stack<IAsyncDisposable> opened)
    {
        while (opened.TryPop(out var one))
        {
            await one.DisposeAsync().ConfigureAwait(false);
        }
    }

    private sealed class Closing(IDisposable inner) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            inner.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
