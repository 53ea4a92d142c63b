using System.Text.Json;
using Xunit;

namespace Longspan.Core.Tests.Ecr;

/// <summary>Each case has a registry of its own, with one repository.</summary>
public abstract class RegistryCase : IAsyncLifetime
{
    protected const string Repository = "orders/web";

    private protected RegistryCloud Registry { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Registry = await RegistryCloud.StartAsync();
        await Registry.RepositoryAsync(Repository);
    }

    public async Task DisposeAsync() => await Registry.DisposeAsync();

    /// <summary>Refused with this status and this code of the distribution specification.</summary>
    protected static async Task RefusedAsync(int status, string code, HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(status == (int)response.StatusCode, $"{(int)response.StatusCode}: {body}");
        using var json = JsonDocument.Parse(body);
        Assert.Equal(code, json.RootElement.GetProperty("errors")[0].GetProperty("code").GetString());
    }
}
