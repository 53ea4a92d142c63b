using System.Security.Cryptography.X509Certificates;
using Longspan.Node.Identity;

namespace Longspan.Node.Tasks;

/// <summary>
/// The certificate of the server's authority, for programs in containers that call the server: their images do not know it. A folder of the node with
/// it is mounted, and variables that AWS SDKs and TLS libraries read name it, unless the container has values of its own for them. What an
/// image trusts besides is left to it; only <c>AWS_CA_BUNDLE</c> is exclusive, as SDKs take it, and so is the endpoint that they call.
/// </summary>
/// <param name="Folder">On the node.</param>
internal sealed record ContainerTrust(string Folder)
{
    public const string MountPath = "/etc/longspan";
    private const string FileName = "ca.pem";
    private const string MountedFile = MountPath + "/" + FileName;
    private const UnixFileMode ForEverybody = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    public static IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string>
    {
        ["AWS_CA_BUNDLE"] = MountedFile,
        ["NODE_EXTRA_CA_CERTS"] = MountedFile,
        // Folders, so that the image's own file of certificates stays in use: .NET and Go read every file in them.
        ["SSL_CERT_DIR"] = $"{MountPath}:/etc/ssl/certs:/etc/pki/tls/certs",
    };

    public string Bind => $"{Folder}:{MountPath}:ro";

    /// <summary>Null where containers need none: they are sent to no server, or over plain HTTP.</summary>
    public static ContainerTrust? For(NodeSettings settings, string folder) =>
        settings.ContainerEndpointUrl?.StartsWith("https://", StringComparison.OrdinalIgnoreCase) == true ? new ContainerTrust(folder) : null;

    /// <exception cref="IOException">It cannot be written.</exception>
    public void Place(X509Certificate2Collection authorities)
    {
        Directory.CreateDirectory(Folder);
        if (!OperatingSystem.IsWindows())
        {
            // Programs in containers run as any user. The node's state folder around it stays closed.
            File.SetUnixFileMode(Folder, ForEverybody);
        }
        AuthorityFile.Place(Path.Combine(Folder, FileName), authorities);
    }
}
