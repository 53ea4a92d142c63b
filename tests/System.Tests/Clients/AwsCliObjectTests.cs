using System.Text.Json.Nodes;
using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>Amazon's command line, unmodified, on buckets and objects.</summary>
public sealed class AwsCliObjectTests(LiveServer server) : IClassFixture<LiveServer>
{
    private readonly string _own = Path.GetRandomFileName().Replace(".", "", StringComparison.Ordinal);

    [AwsCliTheory, MemberData(nameof(AwsCli.Programs), MemberType = typeof(AwsCli))]
    public async Task Files_go_up_are_listed_and_come_down(string program)
    {
        var cli = new AwsCli(program, server.Endpoint, server.Keys);
        var folder = Directory.CreateTempSubdirectory("longspan-objects-");
        try
        {
            var (up, down) = (Path.Combine(folder.FullName, "prod settings.env"), Path.Combine(folder.FullName, "down.env"));
            await File.WriteAllTextAsync(up, "A=1\nB=ü 2\n");
            await cli.TextAsync("s3", "mb", $"s3://{_own}");
            await cli.TextAsync("s3", "cp", up, $"s3://{_own}/app/");
            Assert.Contains("PRE app/", await cli.TextAsync("s3", "ls", $"s3://{_own}"), StringComparison.Ordinal);
            Assert.Contains("prod settings.env", await cli.TextAsync("s3", "ls", $"s3://{_own}/app/"), StringComparison.Ordinal);
            await cli.TextAsync("s3", "cp", $"s3://{_own}/app/prod settings.env", down);
            Assert.Equal("A=1\nB=ü 2\n", await File.ReadAllTextAsync(down));

            JsonNode head = await cli.JsonAsync("s3api", "head-object", "--bucket", _own, "--key", "app/prod settings.env");
            Assert.Equal((11, "AES256"), ((int)head["ContentLength"]!, (string?)head["ServerSideEncryption"]));
            Assert.Contains("404", await cli.RefusalAsync("s3api", "head-object", "--bucket", _own, "--key", "none"), StringComparison.Ordinal);
            Assert.Contains("NoSuchKey", await cli.RefusalAsync("s3api", "get-object", "--bucket", _own, "--key", "none", down), StringComparison.Ordinal);
            Assert.Contains("BucketNotEmpty", await cli.RefusalAsync("s3", "rb", $"s3://{_own}"), StringComparison.Ordinal);
            await cli.TextAsync("s3", "rm", $"s3://{_own}", "--recursive");
            await cli.TextAsync("s3", "rb", $"s3://{_own}");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
