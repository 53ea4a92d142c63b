using System.CommandLine;
using Longspan.Cli.Commands;
using Longspan.Cli.Embedded;

namespace Longspan.Cli.Connection;

/// <summary>The options by which commands of administrators find their server: its data folder on its own machine, or address and keys elsewhere.</summary>
internal sealed class ServerOptions
{
    /// <summary>Of the server's data folder.</summary>
    public const string AuthorityFile = "ca.pem";

    private readonly Option<Uri?> _endpoint = new("--endpoint")
    {
        Description = "URL of the server (default: $AWS_ENDPOINT_URL, else the embedded run, else loopback)",
        CustomParser = result =>
        {
            if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
            {
                return url;
            }
            result.AddError($"--endpoint {result.Tokens[0].Value} is not a URL; use for example https://server.example:{Topology.DefaultPort}.");
            return null;
        },
    };

    private readonly Option<DirectoryInfo?> _data = new("--data") { Description = "The server's data folder: has its credentials and its ca.pem (default: the embedded run's)" };
    private readonly Option<FileInfo?> _credentials = new("--credentials") { Description = "AWS shared-credentials file, profile default (default: as AWS clients find their keys)" };
    private readonly Option<FileInfo?> _authority = new("--ca")
    {
        Description = "PEM file of the authority behind the server's certificate (default: ca.pem beside the credentials, else $AWS_CA_BUNDLE)",
    };

    private readonly Option<string?> _region = new("--region") { Description = $"Region (default: $AWS_REGION, else the credentials file's, else {Topology.Region})" };
    private readonly Option<DirectoryInfo> _home = SharedOptions.Home();

    public IReadOnlyList<Option> All => [_endpoint, _data, _credentials, _authority, _region, _home];

    public ServerAccess Open(ParseResult parsed)
    {
        var (endpoint, folder) = Find(parsed);
        var file = parsed.GetValue(_credentials)?.FullName ?? (folder is null ? null : Path.Combine(folder, "credentials"));
        var keys = file is not null ? ConnectionKeys.FromFile(file, "default") : ConnectionKeys.FromVariables() ?? ConnectionKeys.FromFile(SharedFile, Variable("AWS_PROFILE") ?? "default");
        return new ServerAccess(
            endpoint, parsed.GetValue(_region) ?? Variable("AWS_REGION") ?? keys.Region ?? Topology.Region, keys, folder, ClientTrust.For(endpoint, AuthorityOf(parsed, endpoint, file)));
    }

    /// <summary>The server's address and, where it is on this machine, its data folder.</summary>
    public (Uri Endpoint, string? DataFolder) Find(ParseResult parsed)
    {
        var home = new Home(parsed.GetRequiredValue(_home).FullName);
        var folder = parsed.GetValue(_data)?.FullName;
        var named = parsed.GetValue(_endpoint) ?? (Variable("AWS_ENDPOINT_URL") is { } text ? new Uri(text) : null);
        // After 'eval "$(longspan env)"' the run's address is named, too.
        if (folder is null && home.ReadRun() is { } run && (named is null || named == run.Endpoint))
        {
            return (run.Endpoint, home.ServerData);
        }
        return folder is not null || named is not null ? (named ?? new Uri($"http://127.0.0.1:{Topology.DefaultPort}"), folder) : throw new CommandFailure(
            $"No server is named, and nothing is up in {home.Folder}.", "Name one: --data DIR on its own machine, or --endpoint URL with --credentials FILE.");
    }

    public string? AuthorityOf(ParseResult parsed, Uri endpoint, string? credentialsFile)
    {
        if (parsed.GetValue(_authority) is { } named)
        {
            return named.FullName;
        }
        var beside = credentialsFile is null ? null : Path.Combine(Path.GetDirectoryName(Path.GetFullPath(credentialsFile))!, AuthorityFile);
        return endpoint.Scheme == "https" && File.Exists(beside) ? beside : null;
    }

    private static string SharedFile => Variable("AWS_SHARED_CREDENTIALS_FILE")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".aws", "credentials");

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
