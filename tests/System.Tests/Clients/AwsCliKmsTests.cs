using Longspan.Api.Kms;
using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>Amazon's command line, unmodified: keys, what they encrypt, and what becomes of it.</summary>
public sealed class AwsCliKmsTests(LiveServer server) : IClassFixture<LiveServer>
{
    private readonly string _own = Path.GetRandomFileName().Replace(".", "", StringComparison.Ordinal);

    private AwsCli Cli(string program) => new(program, server.Endpoint, server.Keys);

    [AwsCliTheory, MemberData(nameof(AwsCli.Programs), MemberType = typeof(AwsCli))]
    public async Task A_file_goes_through_a_key_and_comes_back(string program)
    {
        var admin = Cli(program);
        var folder = Directory.CreateTempSubdirectory("longspan-kms-");
        try
        {
            var (plain, sealedFile) = (Path.Combine(folder.FullName, "plain"), Path.Combine(folder.FullName, "sealed"));
            byte[] content = [0, 255, .. "s3cret"u8];
            await File.WriteAllBytesAsync(plain, content);
            var key = (await admin.JsonAsync("kms", "create-key", "--description", "orders", "--tags", "TagKey=team,TagValue=shop"))["KeyMetadata"]!;
            await admin.TextAsync("kms", "create-alias", "--alias-name", $"alias/{_own}", "--target-key-id", (string)key["KeyId"]!);
            string[] encrypt = ["kms", "encrypt", "--key-id", $"alias/{_own}", "--plaintext", $"fileb://{plain}", "--encryption-context", "shop=1"];
            var encrypted = await admin.JsonAsync(encrypt);
            Assert.Equal((string?)key["Arn"], (string?)encrypted["KeyId"]);
            await File.WriteAllBytesAsync(sealedFile, Convert.FromBase64String((string)encrypted["CiphertextBlob"]!));
            string[] decrypt = ["kms", "decrypt", "--ciphertext-blob", $"fileb://{sealedFile}"];

            // Also after the key has got a new material (older command lines cannot ask for that) and its alias another key.
            await server.Client.CallAsync(KmsOperations.RotateKeyOnDemand, new() { KeyId = (string)key["KeyId"]! }, CancellationToken.None);
            var other = (await admin.JsonAsync("kms", "create-key"))["KeyMetadata"]!;
            await admin.TextAsync("kms", "update-alias", "--alias-name", $"alias/{_own}", "--target-key-id", (string)other["KeyId"]!);
            var decrypted = await admin.JsonAsync([.. decrypt, "--encryption-context", "shop=1"]);
            Assert.Equal(content, Convert.FromBase64String((string)decrypted["Plaintext"]!));
            Assert.Equal((string?)key["Arn"], (string?)decrypted["KeyId"]);
            Assert.Contains("InvalidCiphertextException", await admin.RefusalAsync([.. decrypt, "--encryption-context", "shop=2"]), StringComparison.Ordinal);
            Assert.Contains("InvalidCiphertextException", await admin.RefusalAsync(decrypt), StringComparison.Ordinal);
            Assert.Contains(
                "IncorrectKeyException",
                await admin.RefusalAsync([.. decrypt, "--encryption-context", "shop=1", "--key-id", $"alias/{_own}"]), StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [AwsCliTheory, MemberData(nameof(AwsCli.Programs), MemberType = typeof(AwsCli))]
    public async Task A_key_has_a_life(string program)
    {
        var admin = Cli(program);
        var keyId = (string)(await admin.JsonAsync("kms", "create-key"))["KeyMetadata"]!["KeyId"]!;
        await admin.TextAsync("kms", "enable-key-rotation", "--key-id", keyId);
        Assert.True((bool)(await admin.JsonAsync("kms", "get-key-rotation-status", "--key-id", keyId))["KeyRotationEnabled"]!);
        Assert.Equal(32, Convert.FromBase64String((string)(await admin.JsonAsync(
            "kms", "generate-data-key", "--key-id", keyId, "--key-spec", "AES_256"))["Plaintext"]!).Length);
        Assert.Contains("kms:*", (string?)(await admin.JsonAsync("kms", "get-key-policy", "--key-id", keyId, "--policy-name", "default"))["Policy"], StringComparison.Ordinal);
        var grant = (string)(await admin.JsonAsync(
            "kms", "create-grant", "--key-id", keyId, "--grantee-principal", $"arn:aws:iam::{LiveServer.Account}:user/admin", "--operations", "Decrypt"))["GrantId"]!;
        Assert.Equal(grant, (string?)(await admin.JsonAsync("kms", "list-grants", "--key-id", keyId))["Grants"]!.AsArray().Single()!["GrantId"]);
        await admin.TextAsync("kms", "revoke-grant", "--key-id", keyId, "--grant-id", grant);

        await admin.TextAsync("kms", "disable-key", "--key-id", keyId);
        string[] use = ["kms", "generate-data-key-without-plaintext", "--key-id", keyId, "--key-spec", "AES_128"];
        Assert.Contains("DisabledException", await admin.RefusalAsync(use), StringComparison.Ordinal);
        await admin.TextAsync("kms", "schedule-key-deletion", "--key-id", keyId, "--pending-window-in-days", "7");
        Assert.Contains("KMSInvalidStateException", await admin.RefusalAsync(use), StringComparison.Ordinal);
        Assert.Equal("PendingDeletion", (string?)(await admin.JsonAsync("kms", "describe-key", "--key-id", keyId))["KeyMetadata"]!["KeyState"]);
        await admin.TextAsync("kms", "cancel-key-deletion", "--key-id", keyId);
        Assert.Equal("AWS", (string?)(await admin.JsonAsync("kms", "describe-key", "--key-id", "alias/aws/ssm"))["KeyMetadata"]!["KeyManager"]);
        Assert.Contains("NotFoundException", await admin.RefusalAsync("kms", "describe-key", "--key-id", $"alias/{_own}"), StringComparison.Ordinal);
    }
}
