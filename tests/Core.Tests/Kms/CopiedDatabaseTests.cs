using System.Text;
using Longspan.Api.Iam;
using Longspan.Api.Kms;
using Longspan.Api.Ssm;
using Longspan.Core.Tests.Access;
using Longspan.Services.Kms.Documents;
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
        await cloud.CallAsync(IamOperations.CreateUser, new CreateUserRequest { UserName = "marker-user" });
        var access = (await cloud.CallAsync(IamOperations.CreateAccessKey, new CreateAccessKeyRequest { UserName = "marker-user" })).AccessKey!;
        var materials = await cloud.Cloud.Documents.ListAllAsync(KmsKinds.Materials, default);
        Assert.Equal(2, materials.Count);
        List<(string What, byte[] Secret)> secrets =
        [
            ("message", "PLAINTEXT-of-a-message"u8.ToArray()),
            ("parameter", "PLAINTEXT-of-a-parameter"u8.ToArray()),
            ("data key", dataKey),
            ("access key", Encoding.UTF8.GetBytes(access.SecretAccessKey!)),
            .. materials.Select(m => ("material", m.Value.Secret)),
            .. materials.Select(m => ("material in Base64", Encoding.UTF8.GetBytes(Convert.ToBase64String(m.Value.Secret)))),
        ];

        await cloud.RestartAsync();
        var files = Directory.EnumerateFiles(cloud.Folder, "*", SearchOption.AllDirectories)
            .Where(path => Path.GetFileName(Path.GetDirectoryName(path)) != "keys").ToList();
        var contents = new List<byte[]>();
        foreach (var file in files)
        {
            // The server may go on writing to its own files; a copy sees what is there now.
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var content = new byte[stream.Length];
            await stream.ReadAtLeastAsync(content, content.Length, throwOnEndOfStream: false);
            contents.Add(content);
            foreach (var (what, secret) in secrets)
            {
                Assert.True(content.AsSpan().IndexOf(secret) < 0, $"{file} has the {what}.");
            }
        }
        // The search would have found them: what is no secret is there to be found.
        Assert.Contains(contents, content => content.AsSpan().IndexOf("marker-user"u8) >= 0);
        Assert.Contains(contents, content => content.AsSpan().IndexOf(Encoding.UTF8.GetBytes(key.KeyId!)) >= 0);
        Assert.Equal("PLAINTEXT-of-a-message", await cloud.DecryptAsync(blob));
    }
}
