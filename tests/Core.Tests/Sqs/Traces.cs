using System.Text;

namespace Longspan.Core.Tests.Sqs;

/// <summary>What somebody finds who has the files and nothing else.</summary>
internal static class Traces
{
    /// <summary>Files below the folder in which the text stands, as UTF-8 or UTF-16.</summary>
    public static IReadOnlyList<string> Of(string text, string folder) =>
        [.. Files(folder)
            .Where(file => Read(file) is var bytes
                && (bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0 || bytes.AsSpan().IndexOf(Encoding.Unicode.GetBytes(text)) >= 0))
            .Select(file => Path.GetRelativePath(folder, file))];

    /// <summary>A copy of the folder and everything below it; the files may be in use.</summary>
    public static void Copy(string from, string to)
    {
        foreach (var file in Files(from))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.WriteAllBytes(target, Read(file));
        }
    }

    // The folder's lock cannot be read while it is held, and has no content.
    private static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) != "lock");

    private static byte[] Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        var read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return bytes[..read];
    }
}
