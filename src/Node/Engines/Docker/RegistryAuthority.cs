using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Longspan.Node.Engines.Docker;

/// <summary>
/// The engine pulls images from the server's registry by itself, and asks the machine's trust store whether it may. Its folder of certificates
/// by registry tells it otherwise for this one address, and for nothing else on the machine.
/// </summary>
internal static class RegistryAuthority
{
    public const string FileName = "longspan.crt";

    public static void Place(string folder, Uri server, X509Certificate2Collection authorities, ILogger log)
    {
        var path = Path.Combine(folder, server.Authority, FileName);
        var text = string.Concat(authorities.Select(authority => authority.ExportCertificatePem() + "\n"));
        try
        {
            if (File.Exists(path) && File.ReadAllText(path) == text)
            {
                return;
            }
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var next = path + ".next";
            File.WriteAllBytes(next, Encoding.ASCII.GetBytes(text));
            File.Move(next, path, overwrite: true);
            log.LogInformation("The engine trusts the server's registry by {Path}", path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.LogWarning("The engine cannot be told to trust the server's registry: {Message}. Put the server's ca.pem there as {Path}", e.Message, path);
        }
    }
}
