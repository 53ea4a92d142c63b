using System.Text;
using Longspan.Api.Kms;
using Longspan.Core.Tests.Access;
using Longspan.Services.Kms.Rules;
using Xunit;

namespace Longspan.Core.Tests.Kms;

public sealed class CryptographyTests
{
    [Fact]
    public async Task WhatWasEncryptedIsDecryptedAfterARestart()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateKeyAsync();
        var encrypted = await cloud.CallAsync(KmsOperations.Encrypt, new EncryptRequest { KeyId = key.KeyId, Plaintext = "secret"u8.ToArray() });
        Assert.Equal((key.Arn, "SYMMETRIC_DEFAULT"), (encrypted.KeyId, encrypted.EncryptionAlgorithm));
        await cloud.RestartAsync();

        var decrypted = await cloud.CallAsync(KmsOperations.Decrypt, new DecryptRequest { CiphertextBlob = encrypted.CiphertextBlob });
        Assert.Equal("secret", Encoding.UTF8.GetString(decrypted.Plaintext!.Value.Span));
        Assert.Equal((key.Arn, key.CurrentKeyMaterialId, "SYMMETRIC_DEFAULT"), (decrypted.KeyId, decrypted.KeyMaterialId, decrypted.EncryptionAlgorithm));
        Assert.Equal("secret", await cloud.DecryptAsync(encrypted.CiphertextBlob!.Value, keyId: key.Arn));
    }

    [Fact]
    public async Task TheContextMustBeTheSameInAnyOrder()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateKeyAsync();
        var blob = await cloud.EncryptAsync(key.KeyId!, "secret", new() { ["shop"] = "1", ["user"] = "ä" });
        Assert.Equal("secret", await cloud.DecryptAsync(blob, new() { ["user"] = "ä", ["shop"] = "1" }));
        foreach (var other in new Dictionary<string, string>?[]
        {
            null, new() { ["shop"] = "1" }, new() { ["shop"] = "2", ["user"] = "ä" }, new() { ["shop"] = "ä", ["user"] = "1" },
            new() { ["shop"] = "1", ["user"] = "ä", ["more"] = "" },
        })
        {
            Assert.Equal("InvalidCiphertextException", await AccessCloud.CodeOfAsync(() => cloud.DecryptAsync(blob, other)));
        }
        // No context and an empty one are the same.
        Assert.Equal("plain", await cloud.DecryptAsync(await cloud.EncryptAsync(key.KeyId!, "plain", []), null));
    }

    [Fact]
    public void PairsOfAContextCannotRunIntoEachOther()
    {
        var one = EncryptionContexts.Canonical(new Dictionary<string, string> { ["a"] = "bc", ["d"] = "e" });
        Assert.NotEqual(one, EncryptionContexts.Canonical(new Dictionary<string, string> { ["ab"] = "c", ["d"] = "e" }));
        Assert.NotEqual(one, EncryptionContexts.Canonical(new Dictionary<string, string> { ["a"] = "bcde" }));
    }

    /// <summary>Every byte is authenticated: the head as well as the ciphertext.</summary>
    [Fact]
    public async Task AChangedBlobDoesNotOpen()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateKeyAsync();
        var blob = (await cloud.EncryptAsync(key.KeyId!, "secret")).ToArray();
        for (var i = 0; i < blob.Length; i++)
        {
            var changed = blob.ToArray();
            changed[i] ^= 0x10;
            var code = await AccessCloud.CodeOfAsync(() => cloud.DecryptAsync(changed));
            // Bytes 1 to 16 name the key; a key that is not there is refused as one that the caller may not use.
            Assert.Equal(i is >= 1 and <= 16 ? "AccessDeniedException" : "InvalidCiphertextException", code);
        }
        for (var length = 1; length < blob.Length; length++)
        {
            Assert.Equal("InvalidCiphertextException", await AccessCloud.CodeOfAsync(() => cloud.DecryptAsync(blob.AsMemory(0, length))));
        }
        Assert.Equal("InvalidCiphertextException", await AccessCloud.CodeOfAsync(() => cloud.DecryptAsync("from elsewhere"u8.ToArray())));
        Assert.Equal("ValidationException", await AccessCloud.CodeOfAsync(() => cloud.DecryptAsync(new byte[6145])));
        Assert.Equal("ValidationException", await AccessCloud.CodeOfAsync(() => cloud.DecryptAsync(ReadOnlyMemory<byte>.Empty)));
    }

    [Fact]
    public async Task EqualPlaintextsGiveUnequalBlobs()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateKeyAsync();
        var one = (await cloud.EncryptAsync(key.KeyId!, "secret")).ToArray();
        var other = (await cloud.EncryptAsync(key.KeyId!, "secret")).ToArray();
        // Salt, nonce, ciphertext and tag: nothing after the names of key and material repeats.
        Assert.NotEqual(one[49..65], other[49..65]);
        Assert.NotEqual(one[65..77], other[65..77]);
        Assert.NotEqual(one[77..83], other[77..83]);
    }

    [Fact]
    public async Task PlaintextHasBounds()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateKeyAsync();
        var largest = new string('x', 4096);
        Assert.Equal(largest, await cloud.DecryptAsync(await cloud.EncryptAsync(key.KeyId!, largest)));
        Assert.Equal("ValidationException", await AccessCloud.CodeOfAsync(() => cloud.EncryptAsync(key.KeyId!, largest + "x")));
        Assert.Equal("ValidationException", await AccessCloud.CodeOfAsync(() => cloud.EncryptAsync(key.KeyId!, "")));
        Assert.Equal("ValidationException", await AccessCloud.CodeOfAsync(
            () => cloud.EncryptAsync(key.KeyId!, "x", new() { ["key"] = new string('x', 9000) })));
        Assert.Equal("InvalidKeyUsageException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
            KmsOperations.Encrypt, new EncryptRequest { KeyId = key.KeyId, Plaintext = new byte[1], EncryptionAlgorithm = "RSAES_OAEP_SHA_256" })));
    }

    [Fact]
    public async Task KeysThatMayNotBeUsedSayWhy()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateKeyAsync();
        var other = await cloud.CreateKeyAsync();
        var blob = await cloud.EncryptAsync(key.KeyId!, "secret");
        Assert.Equal("IncorrectKeyException", await AccessCloud.CodeOfAsync(() => cloud.DecryptAsync(blob, keyId: other.KeyId)));

        await cloud.CallAsync(KmsOperations.DisableKey, new DisableKeyRequest { KeyId = key.KeyId });
        Assert.Equal("DisabledException", await AccessCloud.CodeOfAsync(() => cloud.DecryptAsync(blob)));
        var disabled = await Assert.ThrowsAsync<DisabledException>(() => cloud.EncryptAsync(key.KeyId!, "x"));
        Assert.Equal($"{key.Arn} is disabled.", disabled.Message);
        await cloud.CallAsync(KmsOperations.EnableKey, new EnableKeyRequest { KeyId = key.KeyId });
        Assert.Equal("secret", await cloud.DecryptAsync(blob));

        await cloud.CallAsync(KmsOperations.ScheduleKeyDeletion, new ScheduleKeyDeletionRequest { KeyId = key.KeyId });
        var pending = await Assert.ThrowsAsync<KMSInvalidStateException>(() => cloud.DecryptAsync(blob));
        Assert.Equal($"{key.Arn} is pending deletion.", pending.Message);

        const string Nobody = "1234abcd-12ab-34cd-56ef-1234567890ab";
        var missing = await Assert.ThrowsAsync<NotFoundException>(() => cloud.EncryptAsync(Nobody, "x"));
        Assert.Equal($"Key 'arn:aws:kms:lab-1:123456789012:key/{Nobody}' does not exist", missing.Message);
        var alias = await Assert.ThrowsAsync<NotFoundException>(() => cloud.EncryptAsync("alias/none", "x"));
        Assert.Equal("Alias arn:aws:kms:lab-1:123456789012:alias/none is not found.", alias.Message);
        Assert.Equal("NotFoundException", await AccessCloud.CodeOfAsync(() => cloud.EncryptAsync("no id", "x")));
        Assert.Equal("NotFoundException", await AccessCloud.CodeOfAsync(() => cloud.EncryptAsync(key.Arn!.Replace("lab-1", "lab-2"), "x")));
        Assert.Equal("InvalidArnException", await AccessCloud.CodeOfAsync(() => cloud.EncryptAsync("arn:aws:sqs:lab-1:123456789012:q", "x")));
    }

    [Fact]
    public async Task DataKeysComeWithTheirCiphertext()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateKeyAsync();
        var context = new Dictionary<string, string> { ["for"] = "disk" };
        var made = await cloud.CallAsync(
            KmsOperations.GenerateDataKey, new GenerateDataKeyRequest { KeyId = key.KeyId, KeySpec = "AES_256", EncryptionContext = context });
        Assert.Equal(32, made.Plaintext!.Value.Length);
        var opened = await cloud.CallAsync(KmsOperations.Decrypt, new DecryptRequest { CiphertextBlob = made.CiphertextBlob, EncryptionContext = context });
        Assert.Equal(made.Plaintext.Value.ToArray(), opened.Plaintext!.Value.ToArray());
        Assert.Equal(key.CurrentKeyMaterialId, made.KeyMaterialId);

        var blind = await cloud.CallAsync(
            KmsOperations.GenerateDataKeyWithoutPlaintext, new GenerateDataKeyWithoutPlaintextRequest { KeyId = key.KeyId, NumberOfBytes = 1024 });
        opened = await cloud.CallAsync(KmsOperations.Decrypt, new DecryptRequest { CiphertextBlob = blind.CiphertextBlob });
        Assert.Equal(1024, opened.Plaintext!.Value.Length);
        Assert.Contains(opened.Plaintext.Value.ToArray(), b => b != 0);

        foreach (var (spec, bytes) in new (string?, int?)[] { (null, null), ("AES_256", 32), ("AES_512", null), (null, 0), (null, 1025) })
        {
            Assert.Equal("ValidationException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
                KmsOperations.GenerateDataKey, new GenerateDataKeyRequest { KeyId = key.KeyId, KeySpec = spec, NumberOfBytes = bytes })));
        }
        var random = await cloud.CallAsync(KmsOperations.GenerateRandom, new GenerateRandomRequest { NumberOfBytes = 16 });
        Assert.Equal(16, random.Plaintext!.Value.Length);
        Assert.Equal("ValidationException", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(KmsOperations.GenerateRandom, new GenerateRandomRequest())));
    }

    [Fact]
    public async Task ReEncryptingMovesBetweenKeysAndContexts()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var (one, other) = (await cloud.CreateKeyAsync(), await cloud.CreateKeyAsync());
        var blob = await cloud.EncryptAsync(one.KeyId!, "secret", new() { ["a"] = "1" });
        var moved = await cloud.CallAsync(KmsOperations.ReEncrypt, new ReEncryptRequest
        {
            CiphertextBlob = blob,
            SourceEncryptionContext = new() { ["a"] = "1" },
            DestinationKeyId = other.KeyId,
            DestinationEncryptionContext = new() { ["b"] = "2" },
        });
        Assert.Equal((one.Arn, other.Arn), (moved.SourceKeyId, moved.KeyId));
        Assert.Equal("secret", await cloud.DecryptAsync(moved.CiphertextBlob!.Value, new() { ["b"] = "2" }, other.KeyId));
        Assert.Equal("IncorrectKeyException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
            KmsOperations.ReEncrypt, new ReEncryptRequest { CiphertextBlob = blob, SourceKeyId = other.KeyId, DestinationKeyId = other.KeyId })));
    }

    [Fact]
    public async Task ADryRunOnlyTells()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateKeyAsync();
        var blob = await cloud.EncryptAsync(key.KeyId!, "secret");
        Assert.Equal("DryRunOperationException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
            KmsOperations.Decrypt, new DecryptRequest { CiphertextBlob = blob, DryRun = true })));
        Assert.Equal("InvalidCiphertextException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
            KmsOperations.Decrypt, new DecryptRequest { CiphertextBlob = blob, DryRun = true, EncryptionContext = new() { ["a"] = "1" } })));
    }
}
