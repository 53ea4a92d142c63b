using Longspan.Store;
using Longspan.Store.Documents;
using Longspan.Store.Sqlite;
using Longspan.Support;
using Xunit;
using static Longspan.Core.Tests.Store.SampleKinds;

namespace Longspan.Core.Tests.Store;

/// <summary>
/// Generated operations against the log and against a dictionary that says what must come out. The seed is in the case's name and repeats a
/// failure.
/// </summary>
public sealed class DocumentLogModelTests
{
    private const int Operations = 400;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public async Task TheLogBehavesLikeItsModel(int seed)
    {
        var folder = Directory.CreateTempSubdirectory("longspan-model-");
        using var sealer = Sealer.Ephemeral();
        var run = new Run(new Random(seed), Path.Combine(folder.FullName, "documents.db"), sealer);
        try
        {
            await run.OpenAsync();
            for (var i = 0; i < Operations; i++)
            {
                await run.StepAsync();
            }
            await run.CompareAsync();
        }
        finally
        {
            await run.Log.DisposeAsync();
            folder.Delete(recursive: true);
        }
    }

    private sealed record Entry(long Revision, long Created, Sample Value);

    private sealed class Run(Random random, string path, Sealer sealer)
    {
        private static readonly DocumentKind<Sample>[] Kinds = [Plain, Secret];
        private static readonly string[] Scopes = [Scope, Scope + "/a", Scope + "/b"];
        private static readonly string[] Names = ["a", "a/b", "a/c", "b", "ü", "z"];
        private static readonly string?[] Colours = [null, "red", "blue"];

        private readonly SortedDictionary<DocumentKey, Entry> model = new(Comparer<DocumentKey>.Create((x, y) =>
            string.CompareOrdinal($"{x.Kind}\0{x.Scope}\0{x.Name}", $"{y.Kind}\0{y.Scope}\0{y.Name}")));
        private readonly List<(long Revision, DocumentKey Key, bool Deleted)> history = [];
        private readonly ManualClock clock = new();
        private long revision;
        private Lease? lease;
        private Lease? formerLease;

        public DocumentLog Log { get; private set; } = null!;

        public async Task OpenAsync() => Log = await DocumentLog.OpenAsync(new SqliteDocumentBackend(path), sealer, clock);

        private T Pick<T>(IReadOnlyList<T> from) => from[random.Next(from.Count)];

        private DocumentKey PickKey() => new(Pick(Kinds).Name, Pick(Scopes), Pick(Names));

        private static DocumentKind<Sample> KindOf(DocumentKey key) => key.Kind == Plain.Name ? Plain : Secret;

        public Task StepAsync() => random.Next(100) switch
        {
            < 75 => CommitAsync(),
            < 85 => CompareAsync(),
            < 92 => TakeLeaseAsync(),
            < 97 => ReopenAsync(),
            _ => WatchAsync(),
        };

        private async Task TakeLeaseAsync()
        {
            formerLease = lease;
            lease = await Log.AcquireLeaseAsync("shard", $"holder-{random.Next(3)}", TimeSpan.FromSeconds(15), default, evenIfHeld: true);
            Assert.True(lease!.Epoch > (formerLease?.Epoch ?? 0));
        }

        private async Task ReopenAsync()
        {
            await Log.DisposeAsync();
            await OpenAsync();
            Assert.Equal(revision, Log.Revision);
        }

        private async Task CommitAsync()
        {
            var commit = new Commit();
            var holds = true;
            var fenced = false;
            if (random.Next(5) == 0 && (random.Next(2) == 0 ? lease : formerLease) is { } claimed)
            {
                commit.Under(claimed.Fence);
                fenced = claimed != lease;
            }
            var next = new Dictionary<DocumentKey, Sample?>();
            for (var i = random.Next(1, 5); i > 0; i--)
            {
                holds &= await AddAsync(commit, next);
            }
            var result = await Log.CommitAsync(commit, default);
            var expected = fenced ? CommitStatus.Fenced : holds ? CommitStatus.Committed : CommitStatus.Conflict;
            Assert.Equal(expected, result.Status);
            if (result.Committed && next.Count > 0)
            {
                Assert.Equal(++revision, result.Revision);
                Remember(next);
            }
        }

        /// <summary>Adds one write or check; false when the model says that its expectation fails.</summary>
        private async Task<bool> AddAsync(Commit commit, Dictionary<DocumentKey, Sample?> next)
        {
            var key = PickKey();
            var kind = KindOf(key);
            // One write a key, so that the model needs no order inside a commit.
            if (next.ContainsKey(key))
            {
                return true;
            }
            var value = new Sample($"{random.Next()}", random.Next(10), Pick(Colours));
            var exists = model.TryGetValue(key, out var entry);
            var read = exists ? (await Log.GetAsync(kind, key.Scope, key.Name, default))! : null;
            var stale = exists && random.Next(8) == 0;
            var seen = stale ? read! with { Revision = read.Revision - 1 } : read;
            switch (random.Next(4))
            {
                case 0:
                    commit.Create(kind, key.Scope, key.Name, value);
                    next[key] = value;
                    return !exists;
                case 1 when seen is not null:
                    commit.Update(kind, seen, value);
                    next[key] = value;
                    return !stale;
                case 2 when seen is not null:
                    commit.Delete(seen);
                    next[key] = null;
                    return !stale;
                default:
                    commit.Put(kind, key.Scope, key.Name, value);
                    next[key] = value;
                    return true;
            }
        }

        private void Remember(Dictionary<DocumentKey, Sample?> next)
        {
            foreach (var (key, value) in next)
            {
                history.Add((revision, key, value is null));
                if (value is null)
                {
                    model.Remove(key);
                }
                else
                {
                    model[key] = new Entry(revision, model.TryGetValue(key, out var before) ? before.Created : revision, value);
                }
            }
        }

        public async Task CompareAsync()
        {
            var kind = Pick(Kinds);
            var all = await Log.ListAllAsync(kind, default);
            Assert.Equal(
                model.Where(one => one.Key.Kind == kind.Name).Select(one => (one.Key, one.Value.Revision, one.Value.Created, one.Value.Value)),
                all.Select(one => (one.Key, one.Revision, one.CreatedRevision, one.Value)));
            var scope = Pick(Scopes);
            var prefix = Pick(new[] { "", "a", "a/" });
            var after = random.Next(2) == 0 ? Pick(Names) : null;
            var limit = random.Next(1, 6);
            var some = await Log.ListAsync(kind, scope, default, prefix, after, limit);
            Assert.Equal(
                Of(kind, scope).Where(one => one.StartsWith(prefix, StringComparison.Ordinal) && Beyond(one, after)).Take(limit),
                some.Select(one => one.Key.Name));
            var red = await Log.ListByIndexAsync(Plain, scope, "colour", "red", default, after, limit);
            Assert.Equal(
                Of(Plain, scope).Where(one => model[new DocumentKey(Plain.Name, scope, one)].Value.Colour == "red" && Beyond(one, after)).Take(limit),
                red.Select(one => one.Key.Name));
        }

        private static bool Beyond(string name, string? after) => after is null || string.CompareOrdinal(name, after) > 0;

        private IEnumerable<string> Of(DocumentKind kind, string scope) =>
            model.Keys.Where(key => key.Kind == kind.Name && key.Scope == scope).Select(key => key.Name);

        private async Task WatchAsync()
        {
            var from = random.NextInt64(revision + 1);
            var expected = history.Where(one => one.Revision > from).ToList();
            var seen = new List<(long, DocumentKey, bool)>();
            await using var watch = Log.WatchAsync(from, default).GetAsyncEnumerator();
            while (seen.Count < expected.Count)
            {
                Assert.True(await watch.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30)));
                Assert.False(watch.Current.Resync);
                seen.Add((watch.Current.Revision, watch.Current.Key, watch.Current.Deleted));
            }
            Assert.Equal(expected, seen);
        }
    }
}
