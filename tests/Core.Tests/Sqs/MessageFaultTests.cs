using Longspan.Store.Messages;
using Longspan.Store.Sqlite.Messages;
using Longspan.Support;
using Xunit;

namespace Longspan.Core.Tests.Sqs;

public sealed class MessageFaultTests
{
    [Theory]
    [InlineData(typeof(IOException))]
    [InlineData(typeof(InvalidOperationException))]
    public async Task AFullDiskOrABugRefusesCallsLosesNothingAndIsLeftBehind(Type fault)
    {
        var folder = Directory.CreateTempSubdirectory("longspan-fault-");
        var clock = new ManualClock();
        var full = false;
        var settings = new SqliteMessageSettings { BeforeJournalWrite = () => { if (full) { throw (Exception)Activator.CreateInstance(fault, "No space left on device")!; } } };
        await using (var store = SqliteMessageBackend.Open(folder.FullName, clock, settings))
        {
            await store.OpenAsync(1, new QueueSettings { Retention = TimeSpan.FromDays(1) }, default);
            await store.SendAsync(1, [MessageBackendTests.Numbered(1, null)], default);
            var waiting = store.ReceiveAsync(1, new ReceiveOrder(1, TimeSpan.FromMinutes(1), TimeSpan.Zero), default);
            var first = Assert.Single((await waiting).Messages);
            var poll = store.ReceiveAsync(1, new ReceiveOrder(1, TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(20)), default).AsTask();

            full = true;
            await Assert.ThrowsAsync<MessageStoreUnavailableException>(
                async () => await store.SendAsync(1, [MessageBackendTests.Numbered(2, null)], default));
            await Assert.ThrowsAsync<MessageStoreUnavailableException>(async () => await store.DeleteAsync(1, [first.Receipt], default));

            full = false;
            clock.Advance(TimeSpan.FromSeconds(2));
            Assert.Equal(new QueueDepth(0, 1, 0), await store.DepthAsync(1, default));
            Assert.Equal([ReceiptOutcome.Done], await store.DeleteAsync(1, [first.Receipt], default));
            await store.SendAsync(1, [MessageBackendTests.Numbered(3, null)], default);
            // The poll that came before the fault has either been told of it or is still in line for this message.
            var outcome = await Record.ExceptionAsync(() => poll);
            Assert.True(outcome is null or MessageStoreUnavailableException, $"{outcome}");
        }
        await using (var store = SqliteMessageBackend.Open(folder.FullName, clock, settings))
        {
            await store.OpenAsync(1, new QueueSettings(), default);
            var depth = await store.DepthAsync(1, default);
            Assert.Equal(1, depth.Visible + depth.InFlight);
        }
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task AClosedStoreRefusesAndEndsItsPolls()
    {
        var folder = Directory.CreateTempSubdirectory("longspan-fault-");
        var store = SqliteMessageBackend.Open(folder.FullName, new ManualClock());
        await store.OpenAsync(1, new QueueSettings(), default);
        var poll = store.ReceiveAsync(1, new ReceiveOrder(1, TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(20)), default).AsTask();
        await store.DepthAsync(1, default);
        await store.DisposeAsync();
        await Assert.ThrowsAsync<MessageStoreUnavailableException>(() => poll);
        await Assert.ThrowsAsync<MessageStoreUnavailableException>(async () => await store.DepthAsync(1, default));
        folder.Delete(recursive: true);
    }
}
