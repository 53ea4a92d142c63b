using System.CommandLine;
using System.Reflection;

namespace Longspan.Cli.Commands;

/// <summary><c>longspan version</c>: the product's version and the runtime's.</summary>
internal static class VersionCommand
{
    public static Command Create()
    {
        var command = new Command("version", "Print the version");
        command.SetAction(_ =>
        {
            var version = typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
            Console.WriteLine($"longspan {version} (.NET {Environment.Version})");
            return 0;
        });
        return command;
    }
}
