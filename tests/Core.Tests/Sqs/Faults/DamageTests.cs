using Longspan.Store.Messages;
using Longspan.Store.Sqlite.Messages;
using Xunit;

namespace Longspan.Core.Tests.Sqs.Faults;

/// <summary>Files that are not what was written: garbage is never handed out, what is lost is said, and the rest goes on.</summary>
public sealed class DamageTests
{
    private const int PageBytes = 4096;
    private static readonly SqliteMessageSettings Small = new()
    {
        CheckpointBytes = 20_000, WindowBytes = 5_000, LookaheadBytes = 10_000, LowWater = 20, PageSize = 25, MinimumShare = 1_000,
    };

    [Fact]
    public async Task Every_page_of_the_cold_file_may_be_damaged()
    {
        var sound = Directory.CreateTempSubdirectory("longspan-damage-");
        List<int> sent;
        await using (var store = new StoreUnderTest(sound.FullName, Small))
        {
            await store.OpenAsync();
            for (var i = 0; i < 150; i++)
            {
                Assert.True(await store.TrySendAsync(bytes: i % 10 == 0 ? 6_000 : 700));
            }
            sent = store.Acknowledged;
        }
        var pages = new FileInfo(Path.Combine(sound.FullName, "messages.db")).Length / PageBytes;
        Assert.True(pages > 30);
        var hurt = 0;
        for (var page = 0; page < pages; page++)
        {
            hurt += await OnePageAsync(sound.FullName, page, sent) ? 1 : 0;
        }
        Assert.True(hurt > pages / 2, $"only {hurt} of {pages} damaged pages were noticed");
        sound.Delete(recursive: true);
    }

    /// <summary>True when the damage cost something. Then it has been said.</summary>
    private static async Task<bool> OnePageAsync(string sound, int page, List<int> sent)
    {
        var folder = Directory.CreateTempSubdirectory("longspan-damage-");
        MessageBackendTests.CopyFolder(sound, folder.FullName);
        var garbage = new byte[PageBytes];
        new Random(page).NextBytes(garbage);
        using (var file = File.OpenHandle(Path.Combine(folder.FullName, "messages.db"), FileMode.Open, FileAccess.ReadWrite))
        {
            RandomAccess.Write(file, garbage, page * (long)PageBytes);
        }
        await using var store = new StoreUnderTest(folder.FullName, Small);
        await store.OpenAsync();
        var got = new List<int>();
        await store.EventuallyAsync($"page {page}: the queue is empty", async () =>
        {
            try
            {
                // Damage that is met on the way is sorted out; calls at that moment are refused and come again.
                got.AddRange(await store.DrainAsync());
                return (await store.Store.DepthAsync(StoreUnderTest.Queue, default)).Visible == 0;
            }
            catch (MessageStoreUnavailableException)
            {
                return false;
            }
        });
        // A call that was refused on the way may have delivered; those messages are in flight.
        var hidden = (await store.Store.DepthAsync(StoreUnderTest.Queue, default)).InFlight;
        Assert.Empty(got.Except(sent));
        var missing = sent.Except(got).Count() - hidden;
        Assert.True(missing <= 0 || (store.Log.Contains("Critical: ") && store.Log.Contains("are lost")), $"page {page}: {missing} are missing and nobody said so\n{store.Log}");
        Assert.True(await store.TrySendAsync());
        var said = store.Log.Contains("Critical: ");
        Assert.Equal(said, Directory.GetDirectories(folder.FullName, "damaged-*").Length > 0);
        // What was sorted out stays so.
        await store.CloseAsync();
        await using var again = new StoreUnderTest(folder.FullName, Small);
        await again.OpenAsync();
        Assert.DoesNotContain("Critical: ", again.Log);
        await again.CloseAsync();
        folder.Delete(recursive: true);
        return said;
    }

    [Fact]
    public async Task Damage_in_the_newest_journal_costs_what_is_damaged_and_is_said()
    {
        using var copy = await JournalAsync();
        var journal = copy.Journals[^1];
        using (var file = File.OpenHandle(journal, FileMode.Open, FileAccess.ReadWrite))
        {
            RandomAccess.Write(file, new byte[16], RandomAccess.GetLength(file) / 2);
        }
        await using var store = new StoreUnderTest(copy.Folder);
        await store.OpenAsync();
        var missing = copy.Sent.Except(await store.DrainAsync()).Count();
        Assert.Equal(1, missing);
        Assert.Contains("1 group commits are lost", store.Log);
        Assert.Contains(Path.GetFileName(journal), store.Log);
        Assert.True(File.Exists(Path.Combine(Assert.Single(Directory.GetDirectories(copy.Folder, "damaged-*")), "what-was-lost.txt")));
    }

    [Fact]
    public async Task A_segment_that_is_gone_or_cut_short_is_said()
    {
        foreach (var cut in (bool[])[true, false])
        {
            using var copy = await JournalAsync();
            await using (var store = new StoreUnderTest(copy.Folder))
            {
                // A second segment behind the first.
                await store.OpenAsync();
                Assert.True(await store.TrySendAsync());
                await store.Store.HoldCheckpointsAsync();
                copy.TakeFrom(copy.Folder);
            }
            Assert.True(copy.Journals.Count > 1);
            if (cut)
            {
                using var file = File.OpenHandle(copy.Journals[0], FileMode.Open, FileAccess.ReadWrite);
                RandomAccess.SetLength(file, RandomAccess.GetLength(file) / 2);
            }
            else
            {
                File.Delete(copy.Journals[0]);
            }
            await using var again = new StoreUnderTest(copy.Folder);
            await again.OpenAsync();
            var left = await again.DrainAsync();
            Assert.NotEmpty(left);
            Assert.True(copy.Sent.Except(left).Any());
            Assert.Contains("group commits are lost", again.Log);
        }
    }

    [Fact]
    public async Task A_torn_end_is_no_damage()
    {
        using var copy = await JournalAsync();
        await using (var torn = new FileStream(copy.Journals[^1], FileMode.Append))
        {
            torn.Write("LSJ1"u8);
            torn.Write(new byte[500]);
        }
        await using var store = new StoreUnderTest(copy.Folder);
        await store.OpenAsync();
        Assert.Equal(copy.Sent, (await store.DrainAsync()).Order());
        Assert.Equal("", store.Log);
    }

    private static async Task<CrashedFolder> JournalAsync()
    {
        var copy = new CrashedFolder();
        var folder = Directory.CreateTempSubdirectory("longspan-damage-");
        await using (var store = new StoreUnderTest(folder.FullName))
        {
            await store.OpenAsync();
            for (var i = 0; i < 20; i++)
            {
                Assert.True(await store.TrySendAsync());
            }
            await store.Store.HoldCheckpointsAsync();
            copy.TakeFrom(folder.FullName);
            copy.Sent.AddRange(store.Acknowledged);
        }
        folder.Delete(recursive: true);
        return copy;
    }

    /// <summary>What a crash left behind.</summary>
    private sealed class CrashedFolder : IDisposable
    {
        private readonly DirectoryInfo _place = Directory.CreateTempSubdirectory("longspan-crashed-");
        private int _copies;

        public string Folder { get; private set; } = "";
        public List<int> Sent { get; } = [];
        public List<string> Journals => [.. Directory.GetFiles(Folder, "journal-*.log").Order()];

        public void TakeFrom(string folder)
        {
            Folder = Directory.CreateDirectory(Path.Combine(_place.FullName, $"{++_copies}")).FullName;
            MessageBackendTests.CopyFolder(folder, Folder);
        }

        public void Dispose() => _place.Delete(recursive: true);
    }
}
