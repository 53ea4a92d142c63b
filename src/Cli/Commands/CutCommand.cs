using System.CommandLine;
using Longspan.Cli.Embedded;
using Longspan.Cli.Output;

namespace Longspan.Cli.Commands;

/// <summary><c>longspan cut SITE</c>: takes the site's link down. Packets are lost; nothing is told.</summary>
internal static class CutCommand
{
    public static Command Create()
    {
        var site = SharedOptions.Site();
        var command = new Command("cut", "Break a site's link for real, until it is healed") { site };
        command.SetAction(async (parsed, stop) =>
        {
            await SiteLink.RequireAsync(stop);
            await PremisesSite.CutAsync(stop);
            Terminal.Line($"The link to {parsed.GetValue(site)} is cut. Orders wait in the queue. Heal it with: longspan heal {parsed.GetValue(site)}");
            return 0;
        });
        return command;
    }
}
