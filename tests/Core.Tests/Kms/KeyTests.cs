using Longspan.Api.Kms;
using Longspan.Core.Tests.Access;
using Xunit;

namespace Longspan.Core.Tests.Kms;

public sealed class KeyTests
{
    [Fact]
    public async Task ANewKeyDescribesItself()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var created = (await cloud.CallAsync(KmsOperations.CreateKey, new CreateKeyRequest
        {
            Description = "orders",
            Tags = [new Tag { TagKey = "team", TagValue = "shop" }],
        })).KeyMetadata!;
        await cloud.RestartAsync();
        var key = await cloud.DescribeAsync(created.Arn!);
        Assert.Equal($"arn:aws:kms:lab-1:123456789012:key/{created.KeyId}", key.Arn);
        Assert.Equal(("orders", "Enabled", true, "CUSTOMER"), (key.Description, key.KeyState, key.Enabled, key.KeyManager));
        Assert.Equal(("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "AWS_KMS"), (key.KeySpec, key.KeyUsage, key.Origin));
        Assert.Equal(64, key.CurrentKeyMaterialId!.Length);
        var tags = await cloud.CallAsync(KmsOperations.ListResourceTags, new ListResourceTagsRequest { KeyId = key.KeyId });
        Assert.Equal([("team", "shop")], tags.Tags!.Select(tag => (tag.TagKey!, tag.TagValue!)));
    }

    [Fact]
    public async Task WhatIsNotServedIsRefused()
    {
        await using var cloud = await AccessCloud.StartAsync();
        foreach (var request in new CreateKeyRequest[]
        {
            new() { KeySpec = "RSA_2048", KeyUsage = "SIGN_VERIFY" }, new() { KeyUsage = "GENERATE_VERIFY_MAC", KeySpec = "HMAC_256" },
            new() { Origin = "EXTERNAL" }, new() { MultiRegion = true },
        })
        {
            Assert.Equal("UnsupportedOperationException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(KmsOperations.CreateKey, request)));
        }
        Assert.Empty((await cloud.CallAsync(KmsOperations.ListKeys, new ListKeysRequest())).Keys!);
    }

    [Fact]
    public async Task WhatTheModelDoesNotKnowIsInvalid()
    {
        await using var cloud = await AccessCloud.StartAsync();
        foreach (var request in new CreateKeyRequest[]
        {
            new() { KeySpec = "RSA_1024" }, new() { CustomerMasterKeySpec = "symmetric_default" }, new() { KeyUsage = "" }, new() { Origin = "HERE" },
        })
        {
            Assert.Equal("ValidationException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(KmsOperations.CreateKey, request)));
        }
        Assert.Empty((await cloud.CallAsync(KmsOperations.ListKeys, new ListKeysRequest())).Keys!);
    }

    [Fact]
    public async Task KeysAreListedPageByPage()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var created = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            created.Add((await cloud.CreateKeyAsync()).KeyId!);
        }
        var listed = new List<string>();
        string? marker = null;
        do
        {
            var page = await cloud.CallAsync(KmsOperations.ListKeys, new ListKeysRequest { Limit = 2, Marker = marker });
            Assert.Equal(page.NextMarker is not null, page.Truncated);
            Assert.InRange(page.Keys!.Count, 1, 2);
            listed.AddRange(page.Keys.Select(key => key.KeyId!));
            marker = page.NextMarker;
        }
        while (marker is not null);
        Assert.Equal(created.Order(StringComparer.Ordinal), listed);
        Assert.Equal("InvalidMarkerException", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(KmsOperations.ListKeys, new ListKeysRequest { Marker = "!" })));
    }

    [Fact]
    public async Task ADeletedKeyGoesWhenItsTimeIsOver()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateKeyAsync();
        var blob = await cloud.EncryptAsync(key.KeyId!, "secret");
        await AliasTests.CreateAsync(cloud, "alias/orders", key.KeyId!);
        var scheduled = await cloud.CallAsync(
            KmsOperations.ScheduleKeyDeletion, new ScheduleKeyDeletionRequest { KeyId = key.KeyId, PendingWindowInDays = 7 });
        Assert.Equal((key.Arn, "PendingDeletion", cloud.Clock.GetUtcNow().AddDays(7)), (scheduled.KeyId, scheduled.KeyState, scheduled.DeletionDate));
        Assert.Equal("KMSInvalidStateException", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(KmsOperations.ScheduleKeyDeletion, new ScheduleKeyDeletionRequest { KeyId = key.KeyId })));

        cloud.Clock.Advance(TimeSpan.FromDays(7) - TimeSpan.FromSeconds(1));
        await cloud.ReconcileAsync();
        Assert.Equal("PendingDeletion", (await cloud.DescribeAsync(key.KeyId!)).KeyState);
        cloud.Clock.Advance(TimeSpan.FromSeconds(1));
        await cloud.ReconcileAsync();
        Assert.Equal("NotFoundException", await AccessCloud.CodeOfAsync(() => cloud.DescribeAsync(key.KeyId!)));
        Assert.Equal("NotFoundException", await AccessCloud.CodeOfAsync(() => cloud.DescribeAsync("alias/orders")));
        Assert.Equal("AccessDeniedException", await AccessCloud.CodeOfAsync(() => cloud.DecryptAsync(blob)));
    }

    [Fact]
    public async Task ACancelledDeletionLeavesTheKeyDisabled()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateKeyAsync();
        var blob = await cloud.EncryptAsync(key.KeyId!, "secret");
        await cloud.CallAsync(KmsOperations.ScheduleKeyDeletion, new ScheduleKeyDeletionRequest { KeyId = key.KeyId, PendingWindowInDays = 7 });
        await cloud.CallAsync(KmsOperations.CancelKeyDeletion, new CancelKeyDeletionRequest { KeyId = key.KeyId });
        cloud.Clock.Advance(TimeSpan.FromDays(8));
        await cloud.ReconcileAsync();
        Assert.Equal("Disabled", (await cloud.DescribeAsync(key.KeyId!)).KeyState);
        await cloud.CallAsync(KmsOperations.EnableKey, new EnableKeyRequest { KeyId = key.KeyId });
        Assert.Equal("secret", await cloud.DecryptAsync(blob));
        Assert.Equal("KMSInvalidStateException", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(KmsOperations.CancelKeyDeletion, new CancelKeyDeletionRequest { KeyId = key.KeyId })));
        Assert.Equal("ValidationException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
            KmsOperations.ScheduleKeyDeletion, new ScheduleKeyDeletionRequest { KeyId = key.KeyId, PendingWindowInDays = 6 })));
    }

    [Fact]
    public async Task ARotatedKeyDecryptsWhatItsOldMaterialsEncrypted()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateKeyAsync();
        var first = await cloud.EncryptAsync(key.KeyId!, "first");
        await cloud.CallAsync(KmsOperations.RotateKeyOnDemand, new RotateKeyOnDemandRequest { KeyId = key.KeyId });
        var second = await cloud.EncryptAsync(key.KeyId!, "second");
        var rotated = await cloud.DescribeAsync(key.KeyId!);
        Assert.NotEqual(key.CurrentKeyMaterialId, rotated.CurrentKeyMaterialId);
        Assert.Equal(("first", "second"), (await cloud.DecryptAsync(first), await cloud.DecryptAsync(second)));
        var opened = await cloud.CallAsync(KmsOperations.Decrypt, new DecryptRequest { CiphertextBlob = second });
        Assert.Equal(rotated.CurrentKeyMaterialId, opened.KeyMaterialId);

        var rotations = await cloud.CallAsync(KmsOperations.ListKeyRotations, new ListKeyRotationsRequest { KeyId = key.KeyId });
        Assert.Equal([("ON_DEMAND", rotated.CurrentKeyMaterialId!)], rotations.Rotations!.Select(r => (r.RotationType!, r.KeyMaterialId!)));
        var first1 = await cloud.CallAsync(
            KmsOperations.ListKeyRotations, new ListKeyRotationsRequest { KeyId = key.KeyId, IncludeKeyMaterial = "ALL_KEY_MATERIAL", Limit = 1 });
        Assert.Equal((key.CurrentKeyMaterialId, "NON_CURRENT", true), (first1.Rotations!.Single().KeyMaterialId, first1.Rotations![0].KeyMaterialState, first1.Truncated));
    }

    [Fact]
    public async Task RotationOnDemandHasALimit()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateKeyAsync();
        for (var i = 0; i < 25; i++)
        {
            await cloud.CallAsync(KmsOperations.RotateKeyOnDemand, new RotateKeyOnDemandRequest { KeyId = key.KeyId });
        }
        Assert.Equal("LimitExceededException", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(KmsOperations.RotateKeyOnDemand, new RotateKeyOnDemandRequest { KeyId = key.KeyId })));
    }

    [Fact]
    public async Task KeysRotateByThemselvesWhenAsked()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateKeyAsync();
        Assert.False((await StatusAsync(cloud, key.KeyId!)).KeyRotationEnabled);
        await cloud.CallAsync(KmsOperations.EnableKeyRotation, new EnableKeyRotationRequest { KeyId = key.KeyId, RotationPeriodInDays = 90 });
        var due = cloud.Clock.GetUtcNow().AddDays(90);
        Assert.Equal((true, 90, due), (await StatusAsync(cloud, key.KeyId!)) is var s ? (s.KeyRotationEnabled, s.RotationPeriodInDays, s.NextRotationDate) : default);
        cloud.Clock.Advance(TimeSpan.FromDays(89));
        await cloud.ReconcileAsync();
        Assert.Equal(key.CurrentKeyMaterialId, (await cloud.DescribeAsync(key.KeyId!)).CurrentKeyMaterialId);
        cloud.Clock.Advance(TimeSpan.FromDays(1));
        await cloud.ReconcileAsync();
        await cloud.ReconcileAsync();
        Assert.NotEqual(key.CurrentKeyMaterialId, (await cloud.DescribeAsync(key.KeyId!)).CurrentKeyMaterialId);
        var rotations = await cloud.CallAsync(KmsOperations.ListKeyRotations, new ListKeyRotationsRequest { KeyId = key.KeyId });
        Assert.Equal([("AUTOMATIC", due)], rotations.Rotations!.Select(r => (r.RotationType!, r.RotationDate!.Value)));
        Assert.Equal(due.AddDays(90), (await StatusAsync(cloud, key.KeyId!)).NextRotationDate);

        await cloud.CallAsync(KmsOperations.DisableKeyRotation, new DisableKeyRotationRequest { KeyId = key.KeyId });
        Assert.False((await StatusAsync(cloud, key.KeyId!)).KeyRotationEnabled);
        Assert.Equal("ValidationException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
            KmsOperations.EnableKeyRotation, new EnableKeyRotationRequest { KeyId = key.KeyId, RotationPeriodInDays = 89 })));
    }

    [Fact]
    public async Task TagsAndDescriptionsChange()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateKeyAsync();
        await cloud.CallAsync(KmsOperations.UpdateKeyDescription, new UpdateKeyDescriptionRequest { KeyId = key.KeyId, Description = "new" });
        await cloud.CallAsync(KmsOperations.TagResource, new TagResourceRequest
        {
            KeyId = key.KeyId,
            Tags = [new Tag { TagKey = "a", TagValue = "1" }, new Tag { TagKey = "b", TagValue = "2" }],
        });
        await cloud.CallAsync(KmsOperations.UntagResource, new UntagResourceRequest { KeyId = key.KeyId, TagKeys = ["a"] });
        var tags = await cloud.CallAsync(KmsOperations.ListResourceTags, new ListResourceTagsRequest { KeyId = key.KeyId });
        Assert.Equal("b", Assert.Single(tags.Tags!).TagKey);
        Assert.Equal("new", (await cloud.DescribeAsync(key.KeyId!)).Description);
        foreach (var name in new[] { "aws:mine", "b" })
        {
            Assert.Equal("TagException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(KmsOperations.TagResource, new TagResourceRequest
            {
                KeyId = key.KeyId,
                Tags = [new Tag { TagKey = name, TagValue = "1" }, new Tag { TagKey = "b", TagValue = "2" }],
            })));
        }
    }

    private static Task<GetKeyRotationStatusResponse> StatusAsync(AccessCloud cloud, string keyId) =>
        cloud.CallAsync(KmsOperations.GetKeyRotationStatus, new GetKeyRotationStatusRequest { KeyId = keyId });
}
