using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Longspan.Node.State;

/// <summary>
/// Secrets of tasks on disk, a file for each task, sealed with AES-256-GCM and bound to the task's ARN. The key is in a file of its own beside them
/// (<c>keys/values.key</c>, readable by its owner only): who gets the assignments, a backup of them or a bundle for support, but not that file,
/// learns nothing. Who is root on the machine can read both, as he can read the containers' environment from the engine.
/// </summary>
internal sealed class SealedFiles<T>
    where T : class
{
    private const byte Format = 1;
    private const int KeyBytes = 32;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int Head = 1 + NonceBytes + TagBytes;
    private const string Extension = ".sealed";
    private readonly string _folder;
    private readonly string _purpose;
    private readonly JsonTypeInfo<T> _type;
    private readonly byte[] _key;

    /// <param name="purpose">Sealed in with the task's ARN, so that a file that is moved to another folder does not open there.</param>
    public SealedFiles(StateFolder state, string folder, string purpose, JsonTypeInfo<T> type)
    {
        (_folder, _purpose, _type) = (state.Folder(folder), purpose, type);
        var path = Path.Combine(state.Folder("keys"), "values.key");
        _key = File.Exists(path) ? File.ReadAllBytes(path) : [];
        if (_key.Length != KeyBytes)
        {
            _key = RandomNumberGenerator.GetBytes(KeyBytes);
            StateFolder.Write(path, _key);
        }
    }

    public void Write(string taskArn, T values)
    {
        var plain = JsonSerializer.SerializeToUtf8Bytes(values, _type);
        var file = new byte[Head + plain.Length];
        file[0] = Format;
        RandomNumberGenerator.Fill(file.AsSpan(1, NonceBytes));
        using (var cipher = new AesGcm(_key, TagBytes))
        {
            cipher.Encrypt(
                file.AsSpan(1, NonceBytes), plain, file.AsSpan(Head), file.AsSpan(1 + NonceBytes, TagBytes), BoundTo(taskArn));
        }
        CryptographicOperations.ZeroMemory(plain);
        StateFolder.Write(PathOf(taskArn), file);
    }

    /// <summary>Null when there are none, or none that this key opens: they can be fetched again.</summary>
    public T? Read(string taskArn)
    {
        var path = PathOf(taskArn);
        if (!File.Exists(path))
        {
            return null;
        }
        var file = File.ReadAllBytes(path);
        if (file.Length < Head || file[0] != Format)
        {
            return null;
        }
        var plain = new byte[file.Length - Head];
        try
        {
            using var cipher = new AesGcm(_key, TagBytes);
            cipher.Decrypt(
                file.AsSpan(1, NonceBytes), file.AsSpan(Head), file.AsSpan(1 + NonceBytes, TagBytes), plain, BoundTo(taskArn));
            return JsonSerializer.Deserialize(plain, _type);
        }
        catch (CryptographicException)
        {
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    public void Delete(string taskArn) => File.Delete(PathOf(taskArn));

    /// <summary>Removes what belongs to none of these tasks: a crash may have come between the end of a task and the removal.</summary>
    public void Keep(IEnumerable<string> taskArns)
    {
        var known = taskArns.Select(PathOf).ToHashSet(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(_folder).Where(p => !known.Contains(p)).ToList())
        {
            File.Delete(path);
        }
    }

    private byte[] BoundTo(string taskArn) => Encoding.UTF8.GetBytes(_purpose + taskArn);

    private string PathOf(string taskArn) => Path.Combine(
        _folder, new string([.. taskArn[(taskArn.LastIndexOf('/') + 1)..].Where(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')]) + Extension);
}
