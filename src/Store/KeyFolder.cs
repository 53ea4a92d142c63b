using System.Security.Cryptography;
using Longspan.Store.Files;

namespace Longspan.Store;

/// <summary>
/// The place of a data folder's sealing key: the file <c>keys/seal.key</c>, or an operator's command and no file. While documents are being
/// sealed anew, <c>keys/seal.key.next</c> holds the key that follows, or nothing when a command tells that one; servers do not start then.
/// </summary>
internal sealed class KeyFolder(string folder)
{
    private readonly string keys = Path.Combine(folder, "keys");

    public string File => Path.Combine(keys, "seal.key");

    public string Next => Path.Combine(keys, "seal.key.next");

    /// <summary>The key to open the folder with.</summary>
    /// <param name="mayMake">Nothing is sealed yet, so a new key harms nobody.</param>
    /// <exception cref="InvalidDataException">There is none, or it is not clear which.</exception>
    public async ValueTask<byte[]> ReadOrMakeAsync(IReadOnlyList<string>? command, bool mayMake, CancellationToken stop)
    {
        if (System.IO.File.Exists(Next))
        {
            throw new InvalidDataException($"Sealing {folder} anew was begun and not finished. Run the same 'longspan keys reseal' again; it goes on where it ended.");
        }
        if (command is not null || System.IO.File.Exists(File))
        {
            return await ReadAsync(command, stop).ConfigureAwait(false);
        }
        if (!mayMake)
        {
            // A new key would silently orphan every secret in the database.
            throw new InvalidDataException($"{File} is missing, but the folder has documents sealed with it. Put the key file back.");
        }
        StoreFolder.CreatePrivateDirectory(keys);
        var made = RandomNumberGenerator.GetBytes(Sealer.KeyBytes);
        FileSync.WritePrivate(File, made);
        FileSync.Directory(folder);
        return made;
    }

    /// <summary>The key that is in use.</summary>
    public async ValueTask<byte[]> ReadAsync(IReadOnlyList<string>? command, CancellationToken stop)
    {
        if (command is null)
        {
            return ReadFile(File);
        }
        var told = await KeyCommand.RunAsync(command, stop).ConfigureAwait(false);
        if (!System.IO.File.Exists(File))
        {
            return told;
        }
        // A key that is also on the disk is what the command is there to avoid.
        throw new InvalidDataException(
            CryptographicOperations.FixedTimeEquals(told, ReadFile(File))
                ? $"{File} is still there and holds the key that the key command tells. Delete it."
                : $"{File} is there and holds another key than the key command tells. Leave out the command, or move to its key with 'longspan keys reseal'.");
    }

    /// <summary>The key that documents are to be sealed with from now on; begins, or goes on with what was begun.</summary>
    public async ValueTask<byte[]> BeginAsync(IReadOnlyList<string>? newCommand, CancellationToken stop)
    {
        var isBegun = System.IO.File.Exists(Next);
        if (newCommand is not null)
        {
            var told = await KeyCommand.RunAsync(newCommand, stop).ConfigureAwait(false);
            if (isBegun && new FileInfo(Next).Length > 0)
            {
                throw new InvalidDataException($"{Next} has the key of a reseal that was begun without a command for the new key. Finish that one first.");
            }
            StoreFolder.CreatePrivateDirectory(keys);
            FileSync.WritePrivate(Next, []);
            return told;
        }
        if (isBegun)
        {
            return ReadFile(Next);
        }
        var made = RandomNumberGenerator.GetBytes(Sealer.KeyBytes);
        StoreFolder.CreatePrivateDirectory(keys);
        // On disk before the first document needs it.
        FileSync.WritePrivate(Next, made);
        return made;
    }

    /// <summary>The new key takes the old one's place. Every document is sealed with it by now.</summary>
    public void Finish(bool isCommand)
    {
        if (!isCommand)
        {
            System.IO.File.Move(Next, File, overwrite: true);
        }
        else
        {
            // In this order: without the old key's file, the mark still says that the command's key is the one.
            System.IO.File.Delete(File);
            FileSync.Directory(keys);
            System.IO.File.Delete(Next);
        }
        FileSync.Directory(keys);
    }

    private static byte[] ReadFile(string path)
    {
        if (!System.IO.File.Exists(path))
        {
            throw new InvalidDataException($"{path} is missing.");
        }
        var key = System.IO.File.ReadAllBytes(path);
        return key.Length == Sealer.KeyBytes ? key : throw new InvalidDataException($"{path} is not a key of {Sealer.KeyBytes} bytes.");
    }
}
