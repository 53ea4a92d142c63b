using Longspan.Cli.Embedded;
using Longspan.Wire.Client;

namespace Longspan.Cli.Connection;

/// <summary>Whom a command takes for its server: the authority that it is given, or, as AWS clients do, the one that <c>AWS_CA_BUNDLE</c> names.</summary>
internal static class ClientTrust
{
    public static ServerTrust For(Uri endpoint, string? authorityFile)
    {
        // The variable is often set for other servers; it says nothing about plain HTTP on this machine.
        var file = authorityFile ?? (endpoint.Scheme == "https" && Environment.GetEnvironmentVariable("AWS_CA_BUNDLE") is { Length: > 0 } bundle ? bundle : null);
        try
        {
            return file is null ? ServerTrust.Machine : ServerTrust.FromFile(file);
        }
        catch (InvalidDataException e)
        {
            throw new CommandFailure(e.Message, "Give the server's ca.pem, from its data folder, with --ca.", exitCode: 2);
        }
    }
}
