using System.Text.Json.Nodes;
using Longspan.Wire.Signing;
using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>A test that runs once with every AWS command line on the machine. Without one it is skipped and says so.</summary>
internal sealed class AwsCliTheoryAttribute : TheoryAttribute
{
    public AwsCliTheoryAttribute() => Skip = Tool.Missing("aws");
}

/// <summary>
/// Amazon's command line as its users have it. The endpoint is always an argument: older versions do not know the environment
/// variable, and some use it for part of the services only.
/// </summary>
internal sealed class AwsCli(string program, Uri endpoint, AwsCredentials keys)
{
    public static TheoryData<string> Programs() => new(Tool.Find("aws").DefaultIfEmpty("aws"));

    public Task<ToolResult> RunAsync(params string[] arguments) => Tool.RunAsync(
        program, [.. arguments, "--endpoint-url", endpoint.ToString().TrimEnd('/')], environment: Environment);

    /// <summary>The answer of a call that must succeed; null when it has none.</summary>
    public async Task<JsonNode> JsonAsync(params string[] arguments) => JsonNode.Parse(await TextAsync(arguments)) ?? throw new InvalidDataException("null");

    public async Task<string> TextAsync(params string[] arguments) => (await RunAsync(arguments)).Succeeded();

    /// <summary>What the command line told its user about a call that the server must refuse.</summary>
    public async Task<string> RefusalAsync(params string[] arguments) => (await RunAsync(arguments)).Failed();

    private Dictionary<string, string> Environment => new(keys.SessionToken is { } token ? [new("AWS_SESSION_TOKEN", token)] : [])
    {
        ["AWS_ACCESS_KEY_ID"] = keys.AccessKeyId,
        ["AWS_SECRET_ACCESS_KEY"] = keys.SecretAccessKey,
        ["AWS_DEFAULT_REGION"] = LiveServer.Region,
        ["AWS_DEFAULT_OUTPUT"] = "json",
        ["AWS_PAGER"] = "",
        ["AWS_MAX_ATTEMPTS"] = "1",
        ["AWS_CONFIG_FILE"] = "/dev/null",
        ["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null",
        ["AWS_EC2_METADATA_DISABLED"] = "true",
    };
}
