using System.Security.Cryptography.X509Certificates;
using Longspan.Node.Identity;
using Microsoft.Extensions.Logging;

namespace Longspan.Node.Engines.Docker;

/// <summary>
/// The engine pulls images from the server's registry by itself, and asks the machine's trust store whether it may. Its folder of certificates
/// by registry tells it otherwise for this one address, and for nothing else on the machine.
/// </summary>
public static class RegistryAuthority
{
    public const string DefaultFolder = "/etc/docker/certs.d";
    internal const string FileName = "longspan.crt";

    internal static void Place(string folder, Uri server, X509Certificate2Collection authorities, ILogger log)
    {
        var path = Path.Combine(folder, server.Authority, FileName);
        try
        {
            if (AuthorityFile.Place(path, authorities))
            {
                log.LogInformation("The engine trusts the server's registry by {Path}", path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.LogWarning("The engine cannot be told to trust the server's registry: {Message}. Put the server's ca.pem there as {Path}", e.Message, path);
        }
    }

    /// <summary>Takes away what was placed for the server, and nothing that others put beside it.</summary>
    public static void Remove(string folder, Uri server)
    {
        var registry = new DirectoryInfo(Path.Combine(folder, server.Authority));
        if (!registry.Exists)
        {
            return;
        }
        File.Delete(Path.Combine(registry.FullName, FileName));
        if (!registry.EnumerateFileSystemInfos().Any())
        {
            registry.Delete();
        }
    }
}
