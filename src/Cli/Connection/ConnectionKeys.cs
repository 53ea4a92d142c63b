using Longspan.Cli.Embedded;
using Longspan.Node.Identity;
using Longspan.Wire.Signing;

namespace Longspan.Cli.Connection;

/// <summary>Keys, and where they came from, for the message when a server does not take them.</summary>
/// <param name="Region">The region that the profile names, if it does; a server writes its own there.</param>
internal sealed record ConnectionKeys(AwsCredentials Credentials, string Source, string? Region = null)
{
    public static ConnectionKeys FromFile(string path, string profile)
    {
        try
        {
            var lines = File.ReadAllLines(path);
            return KeysFile.Parse(lines, profile) is { } keys
                ? new ConnectionKeys(keys, path, KeysFile.Values(lines, profile).GetValueOrDefault("region"))
                : throw new CommandFailure($"{path} has no keys for profile '{profile}'.", "Choose another with --profile, or another file with --credentials.", exitCode: 2);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure(
                $"There are no credentials: {e.Message}",
                "A server writes its administrator's keys to 'credentials' in its --data folder: give that file with --credentials, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
                exitCode: 2);
        }
    }

    public static ConnectionKeys? FromVariables() =>
        Environment.GetEnvironmentVariable("AWS_ACCESS_KEY_ID") is { Length: > 0 } id && Environment.GetEnvironmentVariable("AWS_SECRET_ACCESS_KEY") is { Length: > 0 } secret
            ? new ConnectionKeys(new AwsCredentials(id, secret, Environment.GetEnvironmentVariable("AWS_SESSION_TOKEN") is { Length: > 0 } token ? token : null), "AWS_ACCESS_KEY_ID")
            : null;
}
