using System.CommandLine;
using Longspan.Cli.Connection;
using Longspan.Cli.Embedded;
using Longspan.Cli.Output;

namespace Longspan.Cli.Commands;

/// <summary><c>longspan env</c>: shell exports for AWS clients. Use it as <c>eval "$(longspan env)"</c>.</summary>
internal static class EnvCommand
{
    public static Command Create()
    {
        var homeOption = SharedOptions.Home();
        var dataOption = new Option<DirectoryInfo?>("--data") { Description = "Data folder of another server on this machine" };
        var endpointOption = SharedOptions.Url("--endpoint", "URL of the server of --data", () => new Uri($"http://127.0.0.1:{Topology.DefaultPort}"));
        var output = SharedOptions.OutputFormat();
        var command = new Command("env", "Print exports that point AWS clients at the embedded run, or at another server of this machine") { homeOption, dataOption, endpointOption, output };
        command.SetAction(parsed =>
        {
            var home = new Home(parsed.GetRequiredValue(homeOption).FullName);
            var data = parsed.GetValue(dataOption)?.FullName;
            var endpoint = data is null ? home.RequireRun().Endpoint : parsed.GetRequiredValue(endpointOption);
            var variables = Variables(endpoint, data ?? home.ServerData);
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

    private static SortedDictionary<string, string> Variables(Uri endpoint, string dataFolder)
    {
        var credentials = Path.Combine(dataFolder, "credentials");
        var region = File.Exists(credentials) ? ConnectionKeys.FromFile(credentials, "default").Region : null;
        var variables = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["AWS_ENDPOINT_URL"] = endpoint.ToString().TrimEnd('/'),
            ["AWS_EC2_METADATA_DISABLED"] = "true",
            ["AWS_REGION"] = region ?? Topology.Region,
            ["AWS_DEFAULT_REGION"] = region ?? Topology.Region,
            ["AWS_SHARED_CREDENTIALS_FILE"] = credentials,
            ["AWS_PROFILE"] = "default",
        };
        if (endpoint.Scheme == "https" && Path.Combine(dataFolder, ServerOptions.AuthorityFile) is var authority && File.Exists(authority))
        {
            variables["AWS_CA_BUNDLE"] = authority;
        }
        return variables;
    }
}
