using System.Security.Cryptography;
using System.Text;
using Longspan.Api.Kms;
using Longspan.Api.Ssm;
using Longspan.Core.Tests.Access;
using Longspan.Services.Kms.Documents;
using Longspan.Store;
using Xunit;

namespace Longspan.Core.Tests.Kms;

/// <summary>A data folder that was copied without its <c>keys/</c> tells no secret: neither to a search through its files, nor to a server on it.</summary>
public sealed class CopiedDatabaseTests
{
    [Fact]
    public async Task NoSecretIsInTheFilesBesideTheKeys()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateKeyAsync();
        await cloud.CallAsync(KmsOperations.RotateKeyOnDemand, new RotateKeyOnDemandRequest { KeyId = key.KeyId });
        var blob = await cloud.EncryptAsync(key.KeyId!, "PLAINTEXT-of-a-message");
        var dataKey = (await cloud.CallAsync(KmsOperations.GenerateDataKey, new GenerateDataKeyRequest { KeyId = key.KeyId, KeySpec = "AES_256" }))
            .Plaintext!.Value.ToArray();
        await cloud.CallAsync(SsmOperations.PutParameter, new PutParameterRequest { Name = "secure", Type = "SecureString", Value = "PLAINTEXT-of-a-parameter" });
        await cloud.CallAsync(SsmOperations.PutParameter, new PutParameterRequest { Name = "blob", Type = "String", Value = Convert.ToBase64String(blob.Span) });
        var access = await cloud.CreateUserWithKeyAsync("marker-user");
        var materials = await cloud.Cloud.Documents.ListAllAsync(KmsKinds.Materials, default);
        // The key's first and its second, and that of the key which Parameter Store's secure strings are encrypted under.
        Assert.Equal(3, materials.Count);
        List<(string What, byte[] Secret)> secrets =
        [
            ("message", "PLAINTEXT-of-a-message"u8.ToArray()),
            ("parameter", "PLAINTEXT-of-a-parameter"u8.ToArray()),
            ("data key", dataKey),
            ("access key", Encoding.UTF8.GetBytes(access.SecretAccessKey!)),
            .. materials.Select(m => ("material", m.Value.Secret)),
            .. materials.Select(m => ("material in Base64", Encoding.UTF8.GetBytes(Convert.ToBase64String(m.Value.Secret)))),
        ];

        await cloud.RestartAsync(whileStopped: () =>
        {
            var contents = FilesBesideKeys(cloud.Folder).ToDictionary(path => path, File.ReadAllBytes);
            foreach (var (path, content) in contents)
            {
                foreach (var (what, secret) in secrets)
                {
                    Assert.True(content.AsSpan().IndexOf(secret) < 0, $"{path} has the {what}.");
                }
            }
            // The search would have found them: what is no secret is there to be found.
            Assert.Contains(contents.Values, content => content.AsSpan().IndexOf("marker-user"u8) >= 0);
            Assert.Contains(contents.Values, content => content.AsSpan().IndexOf(Encoding.UTF8.GetBytes(key.KeyId!)) >= 0);
            return Task.CompletedTask;
        });
        Assert.Equal("PLAINTEXT-of-a-message", await cloud.DecryptAsync(blob));
    }

    [Fact]
    public async Task ACopyWithAnotherKeyOpensNoMaterial()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CreateKeyAsync();
        var copy = Directory.CreateTempSubdirectory("longspan-copied-");
        try
        {
            await cloud.RestartAsync(whileStopped: async () =>
            {
                foreach (var path in FilesBesideKeys(cloud.Folder))
                {
                    var target = Path.Combine(copy.FullName, Path.GetRelativePath(cloud.Folder, path));
                    Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                    File.Copy(path, target);
                }
                await Assert.ThrowsAsync<InvalidDataException>(async () => await StoreFolder.OpenAsync(copy.FullName, cloud.Clock));
                Directory.CreateDirectory(Path.Combine(copy.FullName, "keys"));
                await File.WriteAllBytesAsync(Path.Combine(copy.FullName, "keys", "seal.key"), RandomNumberGenerator.GetBytes(Sealer.KeyBytes));
                await using var store = await StoreFolder.OpenAsync(copy.FullName, cloud.Clock);
                Assert.Single(await store.Documents.ListAllAsync(KmsKinds.Keys, default));
                await Assert.ThrowsAsync<SealException>(async () => await store.Documents.ListAllAsync(KmsKinds.Materials, default));
            });
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }

    private static IEnumerable<string> FilesBesideKeys(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(path => Path.GetFileName(Path.GetDirectoryName(path)) != "keys");
}
