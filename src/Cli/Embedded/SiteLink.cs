namespace Longspan.Cli.Embedded;

/// <summary>What <c>cut</c> and <c>heal</c> need before they touch a link.</summary>
internal static class SiteLink
{
    public static async Task RequireAsync(CancellationToken stop)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new CommandFailure("Changing a link needs root.", "Run the command as root.");
        }
        if (!await PremisesSite.NamespaceExistsAsync(stop))
        {
            throw new CommandFailure("There is no on-premises site on this machine.", "Start it with 'longspan up'.");
        }
    }
}
