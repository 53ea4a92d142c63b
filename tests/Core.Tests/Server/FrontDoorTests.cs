using System.Threading.Channels;
using Longspan.Api.Ecs;
using Longspan.Core.Tests.Store;
using Longspan.Kernel;
using Longspan.Server;
using Longspan.Server.FrontDoor;
using Longspan.Services.Ecs.Documents;
using Longspan.Store;
using Longspan.Store.Documents;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Longspan.Core.Tests.Server;

public sealed class FrontDoorTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pauses = TimeSpan.FromSeconds(1);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("longspan-door-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task AChangedTaskIsLookedAtWithoutWaitingForThePeriod()
    {
        await using var store = await StoreFolder.OpenAsync(_folder.FullName, TimeProvider.System);
        var ecs = new Looks();
        await using var door = Open(store, ecs, new Clock(due => due < Pauses));
        await ecs.NextAsync();
        var tasks = new DocumentKind<Sample> { Name = EcsKinds.EcsTask.Name, Json = SampleJson.Default.Sample };
        for (var i = 0; i < 3; i++)
        {
            var commit = new Commit().Put(tasks, SampleKinds.Scope, $"t{i}", new Sample("x"));
            Assert.True((await store.Documents.CommitAsync(commit, default)).Committed);
            await ecs.NextAsync();
        }
    }

    [Fact]
    public async Task WithoutChangesItLooksNowAndThen()
    {
        await using var store = await StoreFolder.OpenAsync(_folder.FullName, TimeProvider.System);
        var ecs = new Looks();
        await using var door = Open(store, ecs, new Clock(_ => true));
        await ecs.NextAsync();
        await ecs.NextAsync();
        await ecs.NextAsync();
    }

    private FrontDoor Open(StoreFolder store, Looks ecs, TimeProvider clock)
    {
        var cloud = new Cloud(store.Documents, clock, new CloudSettings("123456789012", new Uri("http://localhost"), _folder.FullName));
        cloud.Add(ecs);
        var door = new FrontDoor(cloud, forwarder: null!, NullLogger<FrontDoor>.Instance);
        door.Start([new PublishedService(1, "eu-central-1", "orders", "web", 8080)]);
        return door;
    }

    /// <summary>Stands in for ECS and tells when it was asked.</summary>
    private sealed class Looks : ServiceModule<CallContext>
    {
        private readonly Channel<bool> _asked = Channel.CreateUnbounded<bool>();

        public Looks()
            : base(EcsOperations.Service) =>
            Map(EcsOperations.ListTasks, (_, _, _) =>
            {
                _asked.Writer.TryWrite(true);
                return ValueTask.FromResult(new ListTasksResponse());
            }, (_, _) => "*");

        public async Task NextAsync() => await _asked.Reader.ReadAsync().AsTask().WaitAsync(Deadline);

        protected override CallContext NewContext(CallContext call) => call;
    }

    /// <summary>Timers that fire at once, or never.</summary>
    private sealed class Clock(Func<TimeSpan, bool> fires) : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, fires(dueTime) ? TimeSpan.FromMilliseconds(1) : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
