using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>A server process for clients that are programs of their own, and what such a client finds in its environment: the settings of any AWS program.</summary>
public sealed class QueueSite : IAsyncLifetime
{
    internal ServerProcess Server { get; private set; } = null!;

    internal Dictionary<string, string> Environment => new()
    {
        ["AWS_ENDPOINT_URL"] = Server.Endpoint.ToString().TrimEnd('/'),
        ["AWS_ACCESS_KEY_ID"] = Server.Keys.AccessKeyId,
        ["AWS_SECRET_ACCESS_KEY"] = Server.Keys.SecretAccessKey,
        ["AWS_REGION"] = LiveServer.Region,
        ["AWS_DEFAULT_REGION"] = LiveServer.Region,
        ["AWS_CONFIG_FILE"] = "/dev/null",
        ["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null",
        ["AWS_EC2_METADATA_DISABLED"] = "true",
    };

    /// <summary>A file of the folder <c>scripts</c>, as the build copied it.</summary>
    internal static string Script(params string[] path) => Path.Combine([AppContext.BaseDirectory, "Clients", "scripts", .. path]);

    /// <summary>Runs a script that proves things, and returns the names of what it proved.</summary>
    internal async Task<string[]> ProvedAsync(string program, params string[] arguments) =>
        (await Tool.RunAsync(program, arguments, environment: Environment)).Succeeded().Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public async Task InitializeAsync() => Server = await ServerProcess.StartAsync();

    public async Task DisposeAsync() => await Server.DisposeAsync();
}
