using System.CommandLine;
using Longspan.Cli.Embedded;
using Longspan.Cli.Output;

namespace Longspan.Cli.Commands;

/// <summary><c>longspan env</c>: shell exports for AWS clients. Use it as <c>eval "$(longspan env)"</c>.</summary>
internal static class EnvCommand
{
    public static Command Create()
    {
        var homeOption = SharedOptions.Home();
        var output = SharedOptions.OutputFormat();
        var command = new Command("env", "Print exports that point AWS clients at the embedded run") { homeOption, output };
        command.SetAction(parsed =>
        {
            var home = new Home(parsed.GetRequiredValue(homeOption).FullName);
            var run = home.RequireRun();
            var variables = new SortedDictionary<string, string>(StringComparer.Ordinal)
            {
                ["AWS_ENDPOINT_URL"] = run.Endpoint.ToString().TrimEnd('/'),
                ["AWS_EC2_METADATA_DISABLED"] = "true",
                ["AWS_REGION"] = Topology.Region,
                ["AWS_DEFAULT_REGION"] = Topology.Region,
                ["AWS_SHARED_CREDENTIALS_FILE"] = home.CredentialsFile,
                ["AWS_PROFILE"] = "default",
            };
            if (parsed.GetValue(output) == "json")
            {
                Json.Print(variables);
                return 0;
            }
            foreach (var (name, value) in variables)
            {
                Console.WriteLine($"export {name}='{value.Replace("'", "'\\''", StringComparison.Ordinal)}'");
            }
            return 0;
        });
        return command;
    }
}
