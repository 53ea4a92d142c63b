using System.Text;
using System.Text.Json.Nodes;
using Longspan.Store.Documents;
using Xunit;
using static Longspan.Core.Tests.Store.SampleKinds;

namespace Longspan.Core.Tests.Store;

/// <summary>What every document backend must do, told through the log.</summary>
public abstract class DocumentLogConformance : DocumentLogCase
{
    [Fact]
    public async Task ADocumentIsReadBackWithItsRevisions()
    {
        Assert.Null(await Log.GetAsync(Plain, Scope, "a", default));
        var created = await PutAsync("a", "one");
        var changed = await PutAsync("a", "two");
        var read = (await Log.GetAsync(Plain, Scope, "a", default))!;
        Assert.Equal(new Sample("two"), read.Value);
        Assert.Equal(changed, read.Revision);
        Assert.Equal(created, read.CreatedRevision);
        Assert.Equal(changed, Log.Revision);
        Assert.Equal(new DocumentKey(Plain.Name, Scope, "a"), read.Key);
    }

    [Fact]
    public async Task DocumentsOfOneCommitShareItsRevision()
    {
        var result = await Log.CommitAsync(new Commit().Create(Plain, Scope, "a", new Sample("1")).Create(Plain, Scope, "b", new Sample("2")), default);
        Assert.Equal([result.Revision, result.Revision], (await Log.ListAsync(Plain, Scope, default)).Select(one => one.Revision));
        Assert.Equal(result.Revision + 1, await PutAsync("c", "3"));
    }

    [Fact]
    public async Task AFailedExpectationWritesNothing()
    {
        await PutAsync("a", "one");
        var read = (await Log.GetAsync(Plain, Scope, "a", default))!;
        var revision = await PutAsync("a", "two");
        var stale = await Log.CommitAsync(new Commit().Put(Plain, Scope, "b", new Sample("x")).Update(Plain, read, new Sample("three")), default);
        Assert.Equal(CommitStatus.Conflict, stale.Status);
        var twice = await Log.CommitAsync(new Commit().Create(Plain, Scope, "a", new Sample("three")), default);
        Assert.Equal(CommitStatus.Conflict, twice.Status);
        Assert.Equal("two", await TextAsync("a"));
        Assert.Null(await TextAsync("b"));
        Assert.Equal(revision, Log.Revision);
    }

    [Fact]
    public async Task ADeletedDocumentIsGoneAndMayBeCreatedAgain()
    {
        await PutAsync("a", "one", "red");
        var read = (await Log.GetAsync(Plain, Scope, "a", default))!;
        Assert.True((await Log.CommitAsync(new Commit().Delete(read), default)).Committed);
        Assert.Null(await TextAsync("a"));
        Assert.Empty(await Log.ListByIndexAsync(Plain, Scope, "colour", "red", default));
        Assert.Equal(CommitStatus.Conflict, (await Log.CommitAsync(new Commit().Delete(read), default)).Status);
        var again = await Log.CommitAsync(new Commit().Create(Plain, Scope, "a", new Sample("two")), default);
        Assert.Equal(again.Revision, (await Log.GetAsync(Plain, Scope, "a", default))!.CreatedRevision);
    }

    [Fact]
    public async Task ACommitWithoutWritesChecksAndTakesNoRevision()
    {
        var revision = await PutAsync("a", "one");
        Assert.Equal(new CommitResult(CommitStatus.Committed, revision), await Log.CommitAsync(new Commit().ExpectAbsent(Plain, Scope, "b"), default));
        Assert.Equal(CommitStatus.Conflict, (await Log.CommitAsync(new Commit().ExpectAbsent(Plain, Scope, "a"), default)).Status);
        Assert.Equal(revision, Log.Revision);
    }

    [Fact]
    public async Task ListsAreOrderedPagedAndFiltered()
    {
        foreach (var name in new[] { "b/2", "a/1", "b/1", "Z", "b/10", "ä", "b" })
        {
            await PutAsync(name, name);
        }
        await PutAsync("b/3", "elsewhere", scope: Scope + "/other");
        await Log.CommitAsync(new Commit().Put(Secret, Scope, "b/4", new Sample("another kind")), default);
        Assert.Equal(["Z", "a/1", "b", "b/1", "b/10", "b/2", "ä"], await NamesAsync());
        Assert.Equal(["b/1", "b/10", "b/2"], await NamesAsync("b/"));
        Assert.Equal(["b/1", "b/10"], await NamesAsync("b/", null, 2));
        Assert.Equal(["b/2"], await NamesAsync("b/", "b/10", 2));
        Assert.Equal(["b/1", "b/10", "b/2"], await NamesAsync("b/", "a"));
        Assert.Empty(await NamesAsync("b/", "b/2"));
        Assert.Empty(await NamesAsync("b/", "c"));

        var everywhere = await Log.ListAllAsync(Plain, default);
        Assert.Equal(8, everywhere.Count);
        Assert.Equal((Scope + "/other", "b/3"), (everywhere[^1].Key.Scope, everywhere[^1].Key.Name));
        Assert.Equal(["b/3"], (await Log.ListAllAsync(Plain, default, Scope + "/")).Select(one => one.Key.Name));

        async Task<IEnumerable<string>> NamesAsync(string prefix = "", string? after = null, int limit = int.MaxValue) =>
            (await Log.ListAsync(Plain, Scope, default, prefix, after, limit)).Select(one => one.Key.Name);
    }

    [Fact]
    public async Task IndexEntriesFollowTheDocument()
    {
        await PutAsync("a", "1", "red");
        await PutAsync("b", "2", "red");
        await PutAsync("c", "3", "blue");
        await PutAsync("d", "4", "red", Scope + "/other");
        Assert.Equal(["a", "b"], await RedAsync());
        Assert.Equal(["b"], await RedAsync("a"));
        Assert.Equal(["a"], await RedAsync(null, 1));
        await PutAsync("a", "1", "blue");
        await PutAsync("b", "2");
        Assert.Empty(await RedAsync());
        Assert.Equal(["a", "c"], (await Log.ListByIndexAsync(Plain, Scope, "colour", "blue", default)).Select(one => one.Key.Name));

        async Task<IEnumerable<string>> RedAsync(string? after = null, int limit = int.MaxValue) =>
            (await Log.ListByIndexAsync(Plain, Scope, "colour", "red", default, after, limit)).Select(one => one.Key.Name);
    }

    [Fact]
    public async Task CommitsThatShareAGroupStandForThemselves()
    {
        await PutAsync("contested", "start");
        var read = (await Log.GetAsync(Plain, Scope, "contested", default))!;
        var results = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Log.CommitAsync(
            i % 2 == 0
                ? new Commit().Update(Plain, read, new Sample($"won by {i}")).Put(Plain, Scope, $"even-{i}", new Sample("x"))
                : new Commit().Create(Plain, Scope, $"odd-{i}", new Sample("x")),
            default).AsTask()));
        var winner = Assert.Single(results.Select((result, i) => (result, i)), one => one.i % 2 == 0 && one.result.Committed);
        Assert.All(results.Where((_, i) => i % 2 == 1), result => Assert.True(result.Committed));
        Assert.Equal($"won by {winner.i}", await TextAsync("contested"));
        Assert.Equal([$"even-{winner.i}"], (await Log.ListAsync(Plain, Scope, default, "even-")).Select(one => one.Key.Name));
        Assert.Equal(100, (await Log.ListAsync(Plain, Scope, default, "odd-")).Count);
        var revisions = results.Where(one => one.Committed).Select(one => one.Revision).Order().ToList();
        Assert.Equal(Enumerable.Range(0, 101).Select(i => read.Revision + 1 + i), revisions);
    }

    [Fact]
    public async Task SecretsAreSealedOnDiskAndReadBack()
    {
        const string PlainText = "hunter2-needle-in-the-file";
        await Log.CommitAsync(new Commit().Put(Secret, Scope, "s", new Sample(PlainText)), default);
        Assert.Equal(PlainText, (await Log.GetAsync(Secret, Scope, "s", default))!.Value.Text);
        Assert.Equal(PlainText, Assert.Single(await Log.ListAsync(Secret, Scope, default)).Value.Text);
        await PutAsync("p", "a-visible-needle");
        Assert.False(await OnDiskAsync(PlainText));
        Assert.True(await OnDiskAsync("a-visible-needle"));
    }

    private async Task<bool> OnDiskAsync(string text)
    {
        var needle = Encoding.UTF8.GetBytes(text);
        foreach (var file in Folder.EnumerateFiles("*", SearchOption.AllDirectories))
        {
            await using var stream = new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[stream.Length];
            await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false);
            if (bytes.AsSpan().IndexOf(needle) >= 0)
            {
                return true;
            }
        }
        return false;
    }

    [Fact]
    public async Task OldSchemaVersionsAreTakenForwardWhenRead()
    {
        await PutAsync("a", "one");
        var newer = new DocumentKind<Sample>
        {
            Name = Plain.Name,
            Json = SampleJson.Default.Sample,
            SchemaVersion = 3,
            Upgrades = [node => With(node, "Text", $"{node["Text"]}+2"), node => With(node, "Number", 3)],
        };
        Assert.Equal(new Sample("one+2", 3), (await Log.GetAsync(newer, Scope, "a", default))!.Value);
        var read = (await Log.GetAsync(newer, Scope, "a", default))!;
        Assert.True((await Log.CommitAsync(new Commit().Update(newer, read, read.Value), default)).Committed);
        Assert.Equal(new Sample("one+2", 3), (await Log.GetAsync(newer, Scope, "a", default))!.Value);
        var refusal = await Assert.ThrowsAsync<InvalidDataException>(async () => await Log.GetAsync(Plain, Scope, "a", default));
        Assert.Contains("schema version 3", refusal.Message, StringComparison.Ordinal);

        static JsonNode With(JsonNode node, string name, JsonNode value)
        {
            node[name] = value;
            return node;
        }
    }

    [Fact]
    public async Task EverythingSurvivesReopening()
    {
        await PutAsync("a", "one", "red");
        var lease = (await Log.AcquireLeaseAsync("shard", "me", TimeSpan.FromSeconds(15), default))!;
        var revision = Log.Revision;
        await ReopenAsync();
        Assert.Equal(revision, Log.Revision);
        Assert.Equal("one", await TextAsync("a"));
        Assert.Single(await Log.ListByIndexAsync(Plain, Scope, "colour", "red", default));
        Assert.Equal(lease, Assert.Single(await Log.ListLeasesAsync(default)));
        Assert.Equal(revision + 1, await PutAsync("b", "two"));
    }

    [Fact]
    public async Task ResetEmptiesButNeverGoesBack()
    {
        await PutAsync("a", "one", "red");
        var lease = (await Log.AcquireLeaseAsync("shard", "me", TimeSpan.FromSeconds(15), default))!;
        var revision = Log.Revision;
        await Log.ResetAsync(default);
        Assert.Empty(await Log.ListAllAsync(Plain, default));
        Assert.Empty(await Log.ListByIndexAsync(Plain, Scope, "colour", "red", default));
        Assert.Empty(await Log.ListLeasesAsync(default));
        Assert.True(Log.Revision > revision);
        Assert.Equal(CommitStatus.Fenced, (await Log.CommitAsync(new Commit().Put(Plain, Scope, "b", new Sample("x")).Under(lease.Fence), default)).Status);
        var renewed = (await Log.AcquireLeaseAsync("shard", "me", TimeSpan.FromSeconds(15), default))!;
        Assert.True(renewed.Epoch > lease.Epoch);
        Assert.Equal(Log.Revision + 1, await PutAsync("a", "two"));
    }

    [Fact]
    public async Task BoundsOfTheCallerAreEnforcedBeforeAnythingIsQueued()
    {
        var wide = new Commit();
        for (var i = 0; i <= Commit.MaximumWrites; i++)
        {
            wide.Put(Plain, Scope, $"n{i}", new Sample("x"));
        }
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await Log.CommitAsync(wide, default));
        var large = new Commit().Put(Plain, Scope, "large", new Sample(new string('x', Settings.MaximumBodyBytes)));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await Log.CommitAsync(large, default));
        await Assert.ThrowsAsync<ArgumentException>(async () => await PutAsync("a\0b", "x"));
        Assert.Equal(0, Log.Revision);
    }

    [Fact]
    public async Task AClosedLogRefusesCommits()
    {
        await Log.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await PutAsync("a", "x"));
        await InitializeAsync();
    }
}
