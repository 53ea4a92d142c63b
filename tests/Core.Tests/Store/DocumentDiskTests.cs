using Longspan.Core.Tests.Sqs.Faults;
using Longspan.Crash;
using Longspan.Store;
using Longspan.Store.Documents;
using Xunit;

namespace Longspan.Core.Tests.Store;

/// <summary>The document log on a disk that is really full: what was acknowledged is there, the rest was refused, and it goes on when there is room.</summary>
public sealed class DocumentDiskTests
{
    private static readonly string Filler = new('x', 3_000);

    [DiskFact]
    public async Task A_full_disk_refuses_commits_keeps_reads_and_is_forgotten_once_there_is_room()
    {
        using var disk = SmallDisk.InMemory(12);
        var acknowledged = new List<long>();
        await using (var folder = await StoreFolder.OpenAsync(disk.Data, TimeProvider.System))
        {
            Assert.True(await TryCommitAsync(folder, 0, acknowledged));
            disk.Fill(leaveBytes: 1_000_000);
            var number = 1;
            while (await TryCommitAsync(folder, number, acknowledged))
            {
                Assert.True(++number < 10_000, "the disk never filled up");
            }
            disk.Fill();
            Assert.True(acknowledged.Count > 20, $"only {acknowledged.Count} commits fitted");
            Assert.False(await TryCommitAsync(folder, ++number, acknowledged));
            // What was acknowledged can be read all the while.
            Assert.Equal(acknowledged, (await ReadAsync(folder)).Intersect(acknowledged));

            disk.MakeRoom();
            for (var i = 0; i < 20; i++)
            {
                Assert.True(await TryCommitAsync(folder, ++number, acknowledged), "there is room, and commits are refused");
            }
        }
        await using var again = await StoreFolder.OpenAsync(disk.Data, TimeProvider.System);
        Assert.Empty(acknowledged.Except(await ReadAsync(again)));
    }

    private static async Task<bool> TryCommitAsync(StoreFolder folder, long number, List<long> acknowledged)
    {
        var name = CrashLoad.NameOf(0, number);
        var value = new CrashDocument(number, Filler);
        try
        {
            var commit = new Commit().Create(CrashLoad.Left, CrashLoad.Scope, name, value).Create(CrashLoad.Right, CrashLoad.Scope, name, value);
            Assert.True((await folder.Documents.CommitAsync(commit, default)).Committed);
        }
        catch (Exception e) when (e is IOException or CommitUnknownException)
        {
            return false;
        }
        acknowledged.Add(number);
        return true;
    }

    /// <summary>Numbers of the commits that are there; of each both halves or none.</summary>
    private static async Task<List<long>> ReadAsync(StoreFolder folder)
    {
        var left = (await folder.Documents.ListAsync(CrashLoad.Left, CrashLoad.Scope, default)).Select(d => d.Value.Number).ToList();
        var right = (await folder.Documents.ListAsync(CrashLoad.Right, CrashLoad.Scope, default)).Select(d => d.Value.Number).ToList();
        Assert.Equal(left, right);
        return left;
    }
}
