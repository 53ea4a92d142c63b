using Longspan.Store;
using Longspan.Store.Documents;
using Longspan.Support;
using Xunit;
using static Longspan.Core.Tests.Store.SampleKinds;

namespace Longspan.Core.Tests.Store;

/// <summary>A document log on a fresh place for each case. A backend adds one line per conformance class to open it.</summary>
public abstract class DocumentLogCase : IAsyncLifetime, IDisposable
{
    protected DirectoryInfo Folder { get; } = Directory.CreateTempSubdirectory("longspan-documents-");

    private protected ManualClock Clock { get; } = new();

    protected Sealer Sealer { get; } = Sealer.Ephemeral();

    protected DocumentLog Log { get; private set; } = null!;

    protected abstract DocumentBackend MakeBackend();

    protected virtual DocumentLogSettings Settings => DocumentLogSettings.Default;

    public async Task InitializeAsync() => Log = await DocumentLog.OpenAsync(MakeBackend(), Sealer, Clock, Settings);

    public async Task DisposeAsync()
    {
        await Log.DisposeAsync();
        Folder.Delete(recursive: true);
    }

    public void Dispose()
    {
        Sealer.Dispose();
        GC.SuppressFinalize(this);
    }

    protected async Task ReopenAsync()
    {
        await Log.DisposeAsync();
        await InitializeAsync();
    }

    protected async Task<long> PutAsync(string name, string text, string? colour = null, string scope = Scope)
    {
        var result = await Log.CommitAsync(new Commit().Put(Plain, scope, name, new Sample(text, 0, colour)), default);
        Assert.True(result.Committed);
        return result.Revision;
    }

    protected async Task<string?> TextAsync(string name) => (await Log.GetAsync(Plain, Scope, name, default))?.Value.Text;
}
