using Longspan.Store.Messages;
using Longspan.Store.Sqlite.Messages;
using Xunit;

namespace Longspan.Core.Tests.Sqs.Faults;

/// <summary>Disks that are really full, read-only or failing: no false acknowledgement, reads go on, and so does the store when the disk does.</summary>
public sealed class DiskFaultTests
{
    private static readonly ReceiveOrder Take = new(10, TimeSpan.FromHours(1), TimeSpan.Zero);

    /// <summary>The journal meets the end of the disk, or the checkpoints do.</summary>
    [DiskTheory]
    [InlineData(32_000_000)]
    [InlineData(100_000)]
    public async Task A_full_disk_refuses_loses_nothing_and_is_forgotten_once_there_is_room(int checkpointBytes)
    {
        using var disk = SmallDisk.InMemory(8);
        await using var store = new StoreUnderTest(disk.Data, new SqliteMessageSettings { CheckpointBytes = checkpointBytes });
        await store.OpenAsync();
        for (var i = 0; i < 300; i++)
        {
            Assert.True(await store.TrySendAsync());
        }
        disk.Fill();
        await store.SendUntilRefusedAsync();
        // Nothing that needs the disk is promised, in either direction; looking goes on.
        await Assert.ThrowsAsync<MessageStoreUnavailableException>(() => store.Store.ReceiveAsync(StoreUnderTest.Queue, Take, default).AsTask());
        await store.EventuallyAsync("counts while the disk is full", async () => await DepthAsync(store) == store.Acknowledged.Count);
        Assert.Contains("Error: ", store.Log);
        Assert.Contains("Make room on the disk", store.Log);

        disk.MakeRoom();
        await store.EventuallyAsync("sends go on", () => store.TrySendAsync());
        Assert.Contains("writes again", store.Log);
        await store.CloseAsync();
        await store.OpenAsync();
        Assert.Equal(store.Acknowledged, (await store.DrainAsync()).Order());
    }

    [DiskFact]
    public async Task A_store_that_was_killed_on_a_full_disk_starts_again_with_everything_once_there_is_room()
    {
        using var disk = SmallDisk.InMemory(8);
        await using var store = new StoreUnderTest(disk.Data);
        await store.OpenAsync();
        disk.Fill(leaveBytes: 500_000);
        await store.SendUntilRefusedAsync();
        disk.Fill();
        var killed = Directory.CreateTempSubdirectory("longspan-killed-");
        MessageBackendTests.CopyFolder(disk.Data, killed.FullName);
        await using (var again = new StoreUnderTest(killed.FullName))
        {
            await again.OpenAsync();
            var there = await again.DrainAsync();
            // One whose answer was a refusal may be there if the kill came before its frame was cut off; nothing acknowledged may miss.
            Assert.Empty(store.Acknowledged.Except(there));
        }
        killed.Delete(recursive: true);
    }

    [DiskFact]
    public async Task A_folder_that_turns_read_only_refuses_and_goes_on_when_it_can_be_written()
    {
        using var disk = SmallDisk.Ext4(16);
        await using var store = new StoreUnderTest(disk.Data);
        await store.OpenAsync();
        for (var i = 0; i < 50; i++)
        {
            Assert.True(await store.TrySendAsync());
        }
        disk.Freeze(true);
        try
        {
            Assert.False(await store.TrySendAsync());
            await store.EventuallyAsync("counts while nothing can be written", async () => await DepthAsync(store) == 50);
            Assert.False(await store.TrySendAsync());
        }
        finally
        {
            disk.Freeze(false);
        }
        await store.EventuallyAsync("sends go on", () => store.TrySendAsync());
        Assert.Equal(store.Acknowledged, (await store.DrainAsync()).Order());
    }

    [DiskFact]
    public async Task A_disk_that_fails_under_the_store_is_told_and_a_restart_after_its_repair_has_everything()
    {
        using var disk = SmallDisk.Ext4(16);
        await using var store = new StoreUnderTest(disk.Data);
        await store.OpenAsync();
        for (var i = 0; i < 50; i++)
        {
            Assert.True(await store.TrySendAsync());
        }
        disk.FailTheKernelsWay();
        await store.EventuallyAsync("sends are refused", async () => !await store.TrySendAsync());
        await store.EventuallyAsync("counts go on", async () => await DepthAsync(store) == store.Acknowledged.Count);
        Assert.Contains("cannot write", store.Log);
        await store.CloseAsync();
        disk.Remount();
        await store.OpenAsync();
        Assert.Equal(store.Acknowledged, (await store.DrainAsync()).Order());
    }

    private static async Task<long> DepthAsync(StoreUnderTest store)
    {
        try
        {
            var depth = await store.Store.DepthAsync(StoreUnderTest.Queue, default);
            return depth.Visible + depth.InFlight;
        }
        catch (MessageStoreUnavailableException)
        {
            return -1;
        }
    }
}
