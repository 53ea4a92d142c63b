using Longspan.Api.Iam;
using Longspan.Kernel.Access;
using Xunit;

namespace Longspan.Core.Tests.Access;

public sealed class AccountBootstrapTests
{
    [Fact]
    public async Task TheFirstStartMintsAnAdministratorAndWritesItsKey()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var outcome = await cloud.BootstrapAsync();

        Assert.NotNull(outcome.SecretAccessKey);
        var found = await cloud.Keys.FindAsync(outcome.AccessKeyId, null, default);
        Assert.Equal(outcome.SecretAccessKey, found.Secret);
        Assert.True(found.Caller!.IsAdministrator);
        Assert.Equal("arn:aws:iam::123456789012:user/admin", found.Caller.Arn);
        Assert.Equal(Path.Combine(cloud.Folder, "credentials"), outcome.CredentialsPath);
        Assert.Equal(
            $"[default]\naws_access_key_id = {outcome.AccessKeyId}\naws_secret_access_key = {outcome.SecretAccessKey}\nregion = lab-1\n",
            await File.ReadAllTextAsync(outcome.CredentialsPath));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(outcome.CredentialsPath));
        }
    }

    [Fact]
    public async Task LaterStartsChangeNothingAndShowNoSecret()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var first = await cloud.BootstrapAsync();
        var text = await File.ReadAllTextAsync(first.CredentialsPath);
        await cloud.RestartAsync();
        var second = await cloud.BootstrapAsync();

        Assert.Equal(first.AccessKeyId, second.AccessKeyId);
        Assert.Null(second.SecretAccessKey);
        Assert.Equal(text, await File.ReadAllTextAsync(first.CredentialsPath));
    }

    [Fact]
    public async Task ALostFileIsWrittenAgainWithTheSameKey()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var first = await cloud.BootstrapAsync();
        var text = await File.ReadAllTextAsync(first.CredentialsPath);
        File.Delete(first.CredentialsPath);
        await cloud.BootstrapAsync();
        Assert.Equal(text, await File.ReadAllTextAsync(first.CredentialsPath));
    }

    [Fact]
    public async Task ARotatedKeyReplacesTheOneInTheFile()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var first = await cloud.BootstrapAsync();
        var made = await cloud.CallAsync(IamOperations.CreateAccessKey, new CreateAccessKeyRequest { UserName = "admin" });
        await cloud.CallAsync(IamOperations.DeleteAccessKey,
            new DeleteAccessKeyRequest { UserName = "admin", AccessKeyId = first.AccessKeyId });

        var second = await cloud.BootstrapAsync();
        Assert.Equal(made.AccessKey!.AccessKeyId, second.AccessKeyId);
        Assert.Null(second.SecretAccessKey);
        Assert.Equal(second.AccessKeyId, await CredentialsFile.ReadAccessKeyIdAsync(second.CredentialsPath, default));
    }

    [Fact]
    public async Task WithoutAnyActiveKeyAnotherIsMinted()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var first = await cloud.BootstrapAsync();
        await cloud.CallAsync(IamOperations.UpdateAccessKey,
            new UpdateAccessKeyRequest { UserName = "admin", AccessKeyId = first.AccessKeyId, Status = "Inactive" });

        var second = await cloud.BootstrapAsync();
        Assert.NotEqual(first.AccessKeyId, second.AccessKeyId);
        Assert.NotNull(second.SecretAccessKey);
        Assert.Equal(KeyStatus.Found, (await cloud.Keys.FindAsync(second.AccessKeyId, null, default)).Status);
    }
}
