using System.Text;
using System.Text.Json;
using Longspan.Api.SecretsManager;
using Longspan.Api.Shapes;
using Longspan.Core.Tests.Wire;
using Longspan.Kernel;
using Longspan.Wire.Protocols;
using Xunit;

namespace Longspan.Core.Tests.SecretsManager;

public sealed class SecretTests
{
    [Fact]
    public async Task ASecretIsFoundByNameByArnAndByArnWithoutItsEnd()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        var created = await cloud.CreateAsync("shop/db", "one");
        Assert.Matches("^arn:aws:secretsmanager:lab-1:123456789012:secret:shop/db-[A-Za-z0-9]{6}$", created.ARN);
        await cloud.RestartAsync();

        foreach (var id in (string[])["shop/db", created.ARN!, created.ARN![..^7]])
        {
            Assert.Equal("one", await cloud.ValueAsync(id));
        }
        string[] others =
        [
            "shop/d", created.ARN![..^1] + "!", created.ARN!.Replace("lab-1", "lab-2", StringComparison.Ordinal), created.ARN![..^3],
            "arn:aws:sqs:lab-1:123456789012:shop/db",
        ];
        foreach (var id in others)
        {
            var refused = await SecretsCloud.RefusedAsync(() => cloud.ValueAsync(id));
            Assert.Equal(("ResourceNotFoundException", "Secrets Manager can't find the specified secret."), (refused.Code, refused.Message));
        }
    }

    [Fact]
    public async Task ANameThatEndsLikeAnArnIsStillFoundWithoutItsEnd()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        var created = await cloud.CreateAsync("app-a1b2c3");
        Assert.Equal("one", await cloud.ValueAsync(created.ARN!));
        Assert.Equal("one", await cloud.ValueAsync(created.ARN![..^7]));
    }

    [Fact]
    public async Task TheTokenMakesARepeatReturnTheSameAnswer()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        var token = Ids.Uuid();
        var first = await cloud.CreateAsync("one", "v", r => r.ClientRequestToken = token);
        var second = await cloud.CreateAsync("one", "v", r => r.ClientRequestToken = token);
        Assert.Equal((first.ARN, token), (second.ARN, second.VersionId));
        var refused = await SecretsCloud.RefusedAsync(() => cloud.CreateAsync("one", "w", r => r.ClientRequestToken = token));
        Assert.Equal(("ResourceExistsException", "The operation failed because the secret one already exists."), (refused.Code, refused.Message));
        Assert.Equal("ResourceExistsException", (await SecretsCloud.RefusedAsync(() => cloud.CreateAsync("one", "v"))).Code);
        var without = await SecretsCloud.RefusedAsync(() => cloud.CreateAsync("two", "v", r => r.ClientRequestToken = null));
        Assert.Equal("You must provide a ClientRequestToken value. We recommend a UUID-type value.", without.Message);
    }

    [Theory]
    [InlineData("", "ValidationException")]
    [InlineData("has space", "ValidationException")]
    [InlineData("has*star", "ValidationException")]
    [InlineData("ümlaut", "ValidationException")]
    public async Task BadNamesAreRefused(string name, string code)
    {
        await using var cloud = await SecretsCloud.StartAsync();
        Assert.Equal(code, (await SecretsCloud.RefusedAsync(() => cloud.CreateAsync(name))).Code);
        await cloud.CreateAsync("Valid/_+=.@-Name");
    }

    [Fact]
    public async Task ValuesHaveBounds()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        await cloud.CreateAsync("full", new string('x', 65_536));
        Assert.Equal("ValidationException", (await SecretsCloud.RefusedAsync(() => cloud.CreateAsync("more", new string('x', 65_537)))).Code);
        Assert.Equal("ValidationException", (await SecretsCloud.RefusedAsync(() => cloud.CreateAsync("more", new string('ü', 40_000)))).Code);
        Assert.Equal("ValidationException", (await SecretsCloud.RefusedAsync(() => cloud.CreateAsync("more", ""))).Code);
        Assert.Equal("InvalidParameterException", (await SecretsCloud.RefusedAsync(
            () => cloud.CreateAsync("more", "x", r => r.SecretBinary = new byte[] { 1 }))).Code);
        Assert.Equal("InvalidParameterException", (await SecretsCloud.RefusedAsync(
            () => cloud.CreateAsync("more", "x", r => r.ClientRequestToken = "short"))).Code);
        Assert.Equal("ResourceNotFoundException", (await SecretsCloud.RefusedAsync(() => cloud.DescribeAsync("more"))).Code);
    }

    [Fact]
    public async Task ASecretWithoutAValueTakesItsFirstOneLater()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        var created = await cloud.CreateAsync("empty", null);
        Assert.Null(created.VersionId);
        Assert.Null((await cloud.DescribeAsync("empty")).VersionIdsToStages);
        var refused = await SecretsCloud.RefusedAsync(() => cloud.ValueAsync("empty"));
        Assert.Equal("Secrets Manager can't find the specified secret value for staging label: AWSCURRENT", refused.Message);
        // The first version is current, whatever labels it is given.
        var version = await cloud.PutAsync("empty", "first", "blue");
        Assert.Equal("AWSCURRENT,blue", await cloud.StagesAsync("empty", version));
    }

    [Fact]
    public async Task BinaryValuesComeBackAsTheyWere()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        var bytes = Enumerable.Range(0, 256).Select(i => (byte)i).ToArray();
        await cloud.CreateAsync("binary", null, r => r.SecretBinary = bytes);
        var read = await cloud.CallAsync(SecretsManagerOperations.GetSecretValue, new GetSecretValueRequest { SecretId = "binary" });
        Assert.Equal(bytes, read.SecretBinary!.Value.ToArray());
        Assert.Null(read.SecretString);
    }

    [Fact]
    public async Task OnTheWireAValueIsTextOrBinaryAndNeverBoth()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        await cloud.CreateAsync("text", "one");
        await cloud.CreateAsync("binary", null, r => r.SecretBinary = new byte[] { 1, 2 });
        async Task<JsonElement> ReadAsync(string id) => Sent(
            SecretsManagerOperations.GetSecretValue,
            await cloud.CallAsync(SecretsManagerOperations.GetSecretValue, new GetSecretValueRequest { SecretId = id }));
        var batch = Sent(
            SecretsManagerOperations.BatchGetSecretValue,
            await cloud.CallAsync(SecretsManagerOperations.BatchGetSecretValue, new BatchGetSecretValueRequest { SecretIdList = ["text", "binary"] }));
        var values = batch.GetProperty("SecretValues");
        foreach (var text in (JsonElement[])[await ReadAsync("text"), values[0]])
        {
            Assert.Equal("one", text.GetProperty("SecretString").GetString());
            Assert.False(text.TryGetProperty("SecretBinary", out _));
        }
        foreach (var binary in (JsonElement[])[await ReadAsync("binary"), values[1]])
        {
            Assert.Equal("AQI=", binary.GetProperty("SecretBinary").GetString());
            Assert.False(binary.TryGetProperty("SecretString", out _));
        }
    }

    [Fact]
    public async Task NoFileHoldsAValueInClear()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        const string secret = "correct horse battery staple 4711";
        await cloud.CreateAsync("hidden", secret);
        await cloud.PutAsync("hidden", secret + "!");
        await cloud.RestartAsync();
        Assert.Equal(secret + "!", await cloud.ValueAsync("hidden"));
        foreach (var file in Directory.EnumerateFiles(cloud.Folder, "documents.db*"))
        {
            await using var open = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var text = new StreamReader(open, Encoding.Latin1);
            Assert.DoesNotContain(secret, await text.ReadToEndAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task UpdatingChangesWhatIsGivenAndNothingElse()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        var first = (await cloud.CreateAsync("s", "one", r => r.Description = "before")).VersionId!;
        var described = await cloud.CallAsync(SecretsManagerOperations.UpdateSecret, new UpdateSecretRequest { SecretId = "s", Description = "after" });
        Assert.Null(described.VersionId);
        Assert.Equal("AWSCURRENT", await cloud.StagesAsync("s", first));
        var updated = await cloud.CallAsync(
            SecretsManagerOperations.UpdateSecret, new UpdateSecretRequest { SecretId = "s", SecretString = "two", ClientRequestToken = Ids.Uuid() });
        var now = await cloud.DescribeAsync("s");
        Assert.Equal("after", now.Description);
        Assert.Equal("AWSCURRENT", Assert.Single(now.VersionIdsToStages![updated.VersionId!]));
        Assert.Equal("AWSPREVIOUS", Assert.Single(now.VersionIdsToStages![first]));
    }

    [Fact]
    public async Task ADeletedSecretWaitsGivesNothingAwayAndCanComeBack()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        var created = await cloud.CreateAsync("doomed", "v");
        var deleted = await cloud.CallAsync(SecretsManagerOperations.DeleteSecret, new DeleteSecretRequest { SecretId = "doomed", RecoveryWindowInDays = 7 });
        Assert.Equal(cloud.Clock.GetUtcNow().AddDays(7), deleted.DeletionDate);

        var refused = await SecretsCloud.RefusedAsync(() => cloud.ValueAsync("doomed"));
        Assert.Equal(
            ("InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion."), (refused.Code, refused.Message));
        Assert.Equal("InvalidRequestException", (await SecretsCloud.RefusedAsync(() => cloud.PutAsync("doomed", "w"))).Code);
        refused = await SecretsCloud.RefusedAsync(() => cloud.CreateAsync("doomed"));
        Assert.Equal("You can't create this secret because a secret with this name is already scheduled for deletion.", refused.Message);
        Assert.NotNull((await cloud.DescribeAsync("doomed")).DeletedDate);
        Assert.Empty((await cloud.CallAsync(SecretsManagerOperations.ListSecrets, new ListSecretsRequest())).SecretList!);
        Assert.Single((await cloud.CallAsync(SecretsManagerOperations.ListSecrets, new ListSecretsRequest { IncludePlannedDeletion = true })).SecretList!);

        await cloud.CallAsync(SecretsManagerOperations.RestoreSecret, new RestoreSecretRequest { SecretId = created.ARN });
        Assert.Equal("v", await cloud.ValueAsync("doomed"));
        Assert.Null((await cloud.DescribeAsync("doomed")).DeletedDate);
    }

    [Fact]
    public async Task AtTheEndOfTheWindowAPassRemovesItWithItsValues()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        var first = await cloud.CreateAsync("doomed", "v");
        await cloud.CreateAsync("stays", "v");
        await cloud.CallAsync(SecretsManagerOperations.DeleteSecret, new DeleteSecretRequest { SecretId = "doomed" });
        cloud.Clock.Advance(TimeSpan.FromDays(30) - TimeSpan.FromSeconds(1));
        await SecretsCloud.RunPassesAsync(cloud.Module);
        Assert.NotNull(await cloud.DescribeAsync("doomed"));
        cloud.Clock.Advance(TimeSpan.FromSeconds(1));
        await SecretsCloud.RunPassesAsync(cloud.Module);
        Assert.Equal("ResourceNotFoundException", (await SecretsCloud.RefusedAsync(() => cloud.DescribeAsync("doomed"))).Code);
        Assert.Equal("v", await cloud.ValueAsync("stays"));
        // Made again, it is another secret: the old ARN finds nothing.
        await cloud.CreateAsync("doomed", "w");
        Assert.Equal("w", await cloud.ValueAsync("doomed"));
        Assert.Equal("ResourceNotFoundException", (await SecretsCloud.RefusedAsync(() => cloud.ValueAsync(first.ARN!))).Code);
    }

    [Fact]
    public async Task WithoutRecoveryItIsGoneAtOnce()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        await cloud.CreateAsync("s", "v");
        Task Delete(Action<DeleteSecretRequest> change)
        {
            var request = new DeleteSecretRequest { SecretId = "s" };
            change(request);
            return cloud.CallAsync(SecretsManagerOperations.DeleteSecret, request);
        }
        Assert.Equal("InvalidParameterException", (await SecretsCloud.RefusedAsync(() => Delete(r => r.RecoveryWindowInDays = 6))).Code);
        Assert.Equal("InvalidParameterException", (await SecretsCloud.RefusedAsync(() => Delete(r => r.RecoveryWindowInDays = 31))).Code);
        Assert.Equal("InvalidParameterException", (await SecretsCloud.RefusedAsync(
            () => Delete(r => (r.RecoveryWindowInDays, r.ForceDeleteWithoutRecovery) = (7, true)))).Code);
        await Delete(r => r.ForceDeleteWithoutRecovery = true);
        await cloud.CreateAsync("s", "again");
        Assert.Equal("again", await cloud.ValueAsync("s"));
        // A scheduled one can still be removed at once, and a missing one is answered like one that was there.
        await Delete(_ => { });
        Assert.Equal("InvalidRequestException", (await SecretsCloud.RefusedAsync(() => Delete(_ => { }))).Code);
        await Delete(r => r.ForceDeleteWithoutRecovery = true);
        await Delete(r => r.ForceDeleteWithoutRecovery = true);
        Assert.Equal("ResourceNotFoundException", (await SecretsCloud.RefusedAsync(() => Delete(_ => { }))).Code);
    }

    [Fact]
    public async Task ReadingNotesTheDayAndNothingMore()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        await cloud.CreateAsync("s", "v");
        Assert.Null((await cloud.DescribeAsync("s")).LastAccessedDate);
        await cloud.ValueAsync("s");
        var revision = cloud.Cloud.Documents.Revision;
        cloud.Clock.Advance(TimeSpan.FromHours(1));
        await cloud.ValueAsync("s");
        Assert.Equal(revision, cloud.Cloud.Documents.Revision);
        Assert.Equal(new DateTimeOffset(2026, 11, 23, 0, 0, 0, TimeSpan.Zero), (await cloud.DescribeAsync("s")).LastAccessedDate);
        cloud.Clock.Advance(TimeSpan.FromHours(12));
        await cloud.ValueAsync("s");
        Assert.Equal(new DateTimeOffset(2026, 11, 24, 0, 0, 0, TimeSpan.Zero), (await cloud.DescribeAsync("s")).LastAccessedDate);
    }

    /// <summary>An answer as its client gets it.</summary>
    private static JsonElement Sent(Operation operation, Shape answer)
    {
        using var response = ProtocolCodec.For(AwsProtocol.AwsJson11).EncodeResponse(operation, answer, Wired.RequestId);
        return JsonDocument.Parse(response.Body).RootElement.Clone();
    }
}
