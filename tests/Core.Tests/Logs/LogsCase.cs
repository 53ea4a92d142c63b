using Xunit;

namespace Longspan.Core.Tests.Logs;

/// <summary>Each case has a logs service of its own, with a group and a stream.</summary>
public abstract class LogsCase : IAsyncLifetime
{
    protected const string Group = "/orders/web";
    protected const string Stream = "web/web/0123456789abcdef";

    private protected LogsCloud Logs { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Logs = await LogsCloud.StartAsync();
        await Logs.GroupAsync(Group);
        await Logs.StreamAsync(Group, Stream);
    }

    public async Task DisposeAsync() => await Logs.DisposeAsync();
}
