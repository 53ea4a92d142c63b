using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Longspan.Node.Identity;

/// <summary>A file with the server's authorities, for others to read. It is replaced at once, and only when they are others.</summary>
internal static class AuthorityFile
{
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Whether the file changed.</summary>
    public static bool Place(string path, X509Certificate2Collection authorities)
    {
        var text = string.Concat(authorities.Select(authority => authority.ExportCertificatePem() + "\n"));
        if (File.Exists(path) && File.ReadAllText(path) == text)
        {
            return false;
        }
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var next = path + ".next";
        File.WriteAllBytes(next, Encoding.ASCII.GetBytes(text));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(next, Readable);
        }
        File.Move(next, path, overwrite: true);
        return true;
    }
}
