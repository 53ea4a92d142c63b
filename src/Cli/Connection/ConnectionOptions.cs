using System.CommandLine;
using System.Globalization;
using Longspan.Cli.Commands;
using Longspan.Cli.Embedded;
using Longspan.Wire.Client;

namespace Longspan.Cli.Connection;

/// <summary>The options by which a command finds its server, and the format of what it prints.</summary>
internal sealed class ConnectionOptions
{
    private readonly Option<Uri?> _endpoint = new("--endpoint")
    {
        Description = "URL of the server (default: $AWS_ENDPOINT_URL, else the embedded run)",
        CustomParser = result =>
        {
            if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
            {
                return url;
            }
            result.AddError($"--endpoint {result.Tokens[0].Value} is not a URL; use for example http://127.0.0.1:{Topology.DefaultPort}.");
            return null;
        },
    };

    private readonly Option<string?> _region = new("--region") { Description = $"Region (default: $AWS_REGION, else the profile's, else {Topology.Region})" };
    private readonly Option<FileInfo?> _credentials = new("--credentials") { Description = "AWS shared-credentials file (default: as AWS clients find their keys)" };
    private readonly Option<string?> _profile = new("--profile") { Description = "Profile in the credentials file (default: $AWS_PROFILE, else default)" };
    private readonly Option<FileInfo?> _authority = new("--ca") { Description = "PEM file of the authority behind the server's certificate (default: $AWS_CA_BUNDLE)" };
    private readonly Option<DirectoryInfo> _home = SharedOptions.Home();
    private readonly Option<string> _output = SharedOptions.OutputFormat();

    /// <summary>Adds the options to a command and makes it run with an open connection; what goes wrong is told in words.</summary>
    public static void Complete(Command command, Func<ParseResult, ServerConnection, bool, CancellationToken, Task<int>> action)
    {
        var options = new ConnectionOptions();
        foreach (var option in (Option[])[options._endpoint, options._region, options._credentials, options._profile, options._authority, options._home, options._output])
        {
            command.Add(option);
        }
        command.SetAction(async (parsed, stop) =>
        {
            using var server = options.Open(parsed);
            try
            {
                return await action(parsed, server, parsed.GetValue(options._output) == "json", stop);
            }
            catch (Exception e) when (ConnectionFailures.Explain(e, server, stop) is { } failure)
            {
                throw failure;
            }
        });
    }

    /// <summary>A number from 1 on; null when it is left out.</summary>
    public static Option<int?> Number(string name, string description, int most) => new(name)
    {
        Description = description,
        CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most)
            {
                return number;
            }
            result.AddError(most == int.MaxValue ? $"{name} must be a number from 1 on." : $"{name} must be a number from 1 to {most}.");
            return null;
        },
    };

    private ServerConnection Open(ParseResult parsed)
    {
        var home = new Home(parsed.GetRequiredValue(_home).FullName);
        var homeIsNamed = parsed.GetResult(_home) is { Implicit: false };
        var fromVariables = homeIsNamed ? null : Variable("AWS_ENDPOINT_URL_SQS") ?? Variable("AWS_ENDPOINT_URL");
        var region = parsed.GetValue(_region);
        if (parsed.GetValue(_endpoint) is { } named)
        {
            return Away(parsed, named, "--endpoint", region);
        }
        if (fromVariables is not null)
        {
            return Uri.TryCreate(fromVariables, UriKind.Absolute, out var url)
                ? Away(parsed, url, "AWS_ENDPOINT_URL", region)
                : throw new CommandFailure($"AWS_ENDPOINT_URL is not a URL: {fromVariables}", exitCode: 2);
        }
        var run = home.ReadRun() ?? throw new CommandFailure(
            $"No server is named, and nothing is up in {home.Folder}.",
            "Start one with 'longspan up', or name one: --endpoint URL --credentials FILE, or AWS_ENDPOINT_URL and AWS keys in the environment.");
        var keys = parsed.GetValue(_credentials) is null
            ? ConnectionKeys.FromFile(home.CredentialsFile, parsed.GetValue(_profile) ?? "default")
            : Keys(parsed);
        return new ServerConnection(run.Endpoint, $"the run in {home.Folder}", keys, region ?? Topology.Region, ServerTrust.Machine);
    }

    private ServerConnection Away(ParseResult parsed, Uri endpoint, string source, string? region)
    {
        var keys = Keys(parsed);
        return new ServerConnection(
            endpoint, source, keys, region ?? Variable("AWS_REGION") ?? Variable("AWS_DEFAULT_REGION") ?? keys.Region ?? Topology.Region,
            ClientTrust.For(endpoint, parsed.GetValue(_authority)?.FullName));
    }

    private ConnectionKeys Keys(ParseResult parsed)
    {
        var profile = parsed.GetValue(_profile);
        if (parsed.GetValue(_credentials) is { } file)
        {
            return ConnectionKeys.FromFile(file.FullName, profile ?? "default");
        }
        // As AWS clients do: keys in the environment come before a profile that is only named there.
        if (profile is null && ConnectionKeys.FromVariables() is { } keys)
        {
            return keys;
        }
        var shared = Variable("AWS_SHARED_CREDENTIALS_FILE")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".aws", "credentials");
        return ConnectionKeys.FromFile(shared, profile ?? Variable("AWS_PROFILE") ?? "default");
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
