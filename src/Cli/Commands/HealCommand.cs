using System.CommandLine;
using Longspan.Cli.Embedded;
using Longspan.Cli.Output;

namespace Longspan.Cli.Commands;

/// <summary><c>longspan heal SITE</c>: brings the site's link up again.</summary>
internal static class HealCommand
{
    public static Command Create()
    {
        var site = SharedOptions.Site();
        var command = new Command("heal", "Restore a site's link") { site };
        command.SetAction(async (parsed, stop) =>
        {
            await SiteLink.RequireAsync(stop);
            await PremisesSite.HealAsync(stop);
            Terminal.Line($"The link to {parsed.GetValue(site)} is up. What waited is being delivered.");
            return 0;
        });
        return command;
    }
}
