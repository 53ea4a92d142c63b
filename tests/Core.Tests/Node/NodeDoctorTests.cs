using Longspan.Node;
using Longspan.Node.Diagnosis;
using Longspan.Node.State;
using Xunit;

namespace Longspan.Core.Tests.Node;

public sealed class NodeDoctorTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("node-doctor").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private NodeSettings Settings(Uri endpoint) => new()
    {
        Name = "n1", Endpoint = endpoint, Region = "us-east-1", StateFolder = _folder, DockerHost = new Uri($"unix://{_folder}/no.sock"),
        Keys = new NodeKeys("AKIAX", "secret", null), MetadataAccess = MetadataAccess.Address,
    };

    private static Finding Of(IReadOnlyList<Finding> found, string check) => Assert.Single(found, f => f.Check == check);

    [Fact]
    public async Task It_says_what_the_server_says()
    {
        await using var plane = await FakePlane.StartAsync();
        plane.Answers["GetCallerIdentity"] = _ => (403, """{"__type":"InvalidClientTokenId","message":"no such key"}""");
        var found = await NodeDoctor.ExamineAsync(Settings(plane.Endpoint), CancellationToken.None);
        Assert.NotEqual(FindingLevel.Failed, Of(found, "server").Level);
        Assert.Equal(FindingLevel.Failed, Of(found, "credentials").Level);
        Assert.NotNull(Of(found, "credentials").Next);
    }

    [Fact]
    public async Task It_explains_each_thing_that_is_missing_and_touches_nothing()
    {
        var found = await NodeDoctor.ExamineAsync(Settings(new Uri("http://127.0.0.1:1")), CancellationToken.None);
        foreach (var check in new[] { "server", "engine" })
        {
            Assert.Equal(FindingLevel.Failed, Of(found, check).Level);
            Assert.NotEmpty(Of(found, check).Next!);
        }
        Assert.Contains("--docker-host", Of(found, "engine").Next, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    [Fact]
    public void A_state_folder_that_others_may_read_or_that_is_in_use_is_seen()
    {
        Assert.Equal(FindingLevel.Fine, FolderChecks.State(_folder).Single().Level);
        using (StateFolder.Open(_folder))
        {
            Assert.Contains("in use", FolderChecks.State(_folder).Single().Text, StringComparison.Ordinal);
        }
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead);
        }
        var open = FolderChecks.State(_folder).Single();
        Assert.Equal((FindingLevel.Failed, $"chmod 700 {_folder}"), (open.Level, open.Next));
    }
}
