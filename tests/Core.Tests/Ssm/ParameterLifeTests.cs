using System.Text;
using Longspan.Api.Kms;
using Longspan.Api.SecretsManager;
using Longspan.Api.Ssm;
using Longspan.Core.Tests.SecretsManager;
using Xunit;

namespace Longspan.Core.Tests.Ssm;

/// <summary>Labels, policies, keys, settings, and secrets read as parameters.</summary>
public sealed class ParameterLifeTests
{
    [Fact]
    public async Task ALabelSelectsItsVersionAndMoves()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        await PutAsync(cloud, "/app/url", "one");
        await PutAsync(cloud, "/app/url", "two");
        var labelled = await LabelAsync(cloud, "/app/url", 1, "prod", "blue", "1st", "awsome", "has space");
        Assert.Equal(1, labelled.ParameterVersion);
        Assert.Equal(["1st", "awsome", "has space"], labelled.InvalidLabels);
        var parameter = await GetAsync(cloud, "/app/url:prod");
        Assert.Equal(("one", ":prod", 1L), (parameter.Value, parameter.Selector, parameter.Version!.Value));
        // Without a version, it is the newest; the label leaves the other.
        Assert.Equal(2, (await LabelAsync(cloud, "/app/url", null, "prod")).ParameterVersion);
        Assert.Equal("two", (await GetAsync(cloud, "/app/url:prod")).Value);
        await PutAsync(cloud, "/app/url", "three");
        Assert.Equal("two", (await GetAsync(cloud, "/app/url:prod")).Value);
        await cloud.RestartAsync();

        var history = await cloud.CallAsync(SsmOperations.GetParameterHistory, new GetParameterHistoryRequest { Name = "/app/url" });
        Assert.Equal(["blue", "prod", ""], history.Parameters!.Select(p => string.Join(",", p.Labels!)));
        var byLabel = await cloud.CallAsync(SsmOperations.GetParametersByPath, new GetParametersByPathRequest
        {
            Path = "/app", ParameterFilters = [new() { Key = "Label", Values = ["prod"] }],
        });
        Assert.Equal("two", Assert.Single(byLabel.Parameters!).Value);

        var unlabelled = await cloud.CallAsync(
            SsmOperations.UnlabelParameterVersion, new UnlabelParameterVersionRequest { Name = "/app/url", ParameterVersion = 2, Labels = ["prod", "blue"] });
        Assert.Equal(("prod", "blue"), (Assert.Single(unlabelled.RemovedLabels!), Assert.Single(unlabelled.InvalidLabels!)));
        var refused = await SecretsCloud.RefusedAsync(() => GetAsync(cloud, "/app/url:prod"));
        Assert.Equal(
            ("ParameterVersionNotFound", "Systems Manager could not find version prod of /app/url. Verify the version and try again."),
            (refused.Code, refused.Message));
    }

    [Fact]
    public async Task LabelsHaveBounds()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        await PutAsync(cloud, "p", "one");
        await LabelAsync(cloud, "p", 1, [.. Enumerable.Range(0, 10).Select(i => $"l{i}")]);
        Assert.Equal("ParameterVersionLabelLimitExceeded", (await SecretsCloud.RefusedAsync(() => LabelAsync(cloud, "p", 1, "more"))).Code);
        Assert.Equal("ParameterVersionNotFound", (await SecretsCloud.RefusedAsync(() => LabelAsync(cloud, "p", 2, "more"))).Code);
        Assert.Equal("ParameterNotFound", (await SecretsCloud.RefusedAsync(() => LabelAsync(cloud, "q", 1, "more"))).Code);
        Assert.Equal("ValidationException", (await SecretsCloud.RefusedAsync(() => LabelAsync(cloud, "p", 1))).Code);
        Assert.Empty((await LabelAsync(cloud, "p", 1, "l0")).InvalidLabels!);
    }

    [Fact]
    public async Task ALabelledVersionIsNotPushedOut()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        await PutAsync(cloud, "p", "1");
        await LabelAsync(cloud, "p", 1, "keep");
        for (var i = 2; i <= 100; i++)
        {
            await PutAsync(cloud, "p", $"{i}");
        }
        var refused = await SecretsCloud.RefusedAsync(() => PutAsync(cloud, "p", "101"));
        Assert.Equal("ParameterMaxVersionLimitExceeded", refused.Code);
        Assert.Equal("100", (await GetAsync(cloud, "p")).Value);
        await LabelAsync(cloud, "p", 50, "keep");
        await PutAsync(cloud, "p", "101");
        Assert.Equal("ParameterVersionNotFound", (await SecretsCloud.RefusedAsync(() => GetAsync(cloud, "p:1"))).Code);
        Assert.Equal("50", (await GetAsync(cloud, "p:keep")).Value);
    }

    [Fact]
    public async Task AParameterGoesWhenItExpires()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        var policies = """
            [{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":"2026-12-03T12:00:00.000Z"}},
             {"Type":"ExpirationNotification","Version":"1.0","Attributes":{"Before":"2","Unit":"Days"}},
             {"Type":"NoChangeNotification","Version":"1.0","Attributes":{"After":"36","Unit":"Hours"}}]
            """;
        await PutAsync(cloud, "p", "v", r => (r.Tier, r.Policies) = ("Advanced", policies));
        Assert.Equal("Pending,Pending,Pending", await StatusesAsync(cloud));
        cloud.Clock.Advance(TimeSpan.FromHours(36));
        await SecretsCloud.RunPassesAsync(cloud.Ssm);
        Assert.Equal("Pending,Pending,Finished", await StatusesAsync(cloud));
        // A new version changes neither the policies nor the day; only the time without a change begins anew.
        await PutAsync(cloud, "p", "w");
        Assert.Equal("Pending,Pending,Pending", await StatusesAsync(cloud));
        cloud.Clock.Advance(TimeSpan.FromDays(7));
        await SecretsCloud.RunPassesAsync(cloud.Ssm);
        Assert.Equal("Pending,Finished,Finished", await StatusesAsync(cloud));
        cloud.Clock.Advance(TimeSpan.FromDays(2));
        await SecretsCloud.RunPassesAsync(cloud.Ssm);
        Assert.Equal("ParameterNotFound", (await SecretsCloud.RefusedAsync(() => GetAsync(cloud, "p"))).Code);
        Assert.Equal(1, (await PutAsync(cloud, "p", "again")).Version);
    }

    [Theory]
    [InlineData("""[{"Type":"Expires","Version":"1.0","Attributes":{}}]""", "InvalidPolicyTypeException")]
    [InlineData("""[{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":"yesterday"}}]""", "InvalidPolicyAttributeException")]
    [InlineData("""[{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":"2020-12-03T12:00:00.000Z"}}]""", "InvalidPolicyAttributeException")]
    [InlineData("""[{"Type":"NoChangeNotification","Version":"1.0","Attributes":{"After":"0","Unit":"Days"}}]""", "InvalidPolicyAttributeException")]
    [InlineData("""[{"Type":"NoChangeNotification","Version":"1.0","Attributes":{"After":"5","Unit":"Weeks"}}]""", "InvalidPolicyAttributeException")]
    [InlineData("""[{"Type":"NoChangeNotification","Version":"2.0","Attributes":{"After":"5","Unit":"Days"}}]""", "InvalidPolicyAttributeException")]
    [InlineData("""[{"Type":"ExpirationNotification","Version":"1.0","Attributes":{"Before":"5","Unit":"Days"}}]""", "IncompatiblePolicyException")]
    [InlineData("not json", "InvalidPolicyAttributeException")]
    [InlineData("[1]", "InvalidPolicyAttributeException")]
    public async Task WhatIsNoPolicyIsRefused(string policies, string code)
    {
        await using var cloud = await SecretsCloud.StartAsync();
        Assert.Equal(code, (await SecretsCloud.RefusedAsync(() => PutAsync(cloud, "p", "v", r => (r.Tier, r.Policies) = ("Advanced", policies)))).Code);
        Assert.Equal("ParameterNotFound", (await SecretsCloud.RefusedAsync(() => GetAsync(cloud, "p"))).Code);
    }

    [Fact]
    public async Task PoliciesNeedTheAdvancedTierAndCanBeTakenAway()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        const string policy = """[{"Type":"NoChangeNotification","Version":"1.0","Attributes":{"After":"5","Unit":"Days"}}]""";
        Assert.Equal("ValidationException", (await SecretsCloud.RefusedAsync(() => PutAsync(cloud, "p", "v", r => r.Policies = policy))).Code);
        var put = await PutAsync(cloud, "p", "v", r => (r.Policies, r.Tier) = (policy, "Intelligent-Tiering"));
        Assert.Equal("Advanced", put.Tier);
        Assert.Equal("Pending", await StatusesAsync(cloud));
        await PutAsync(cloud, "p", "w", r => (r.Policies, r.Tier) = ("[{}]", "Advanced"));
        Assert.Equal("", await StatusesAsync(cloud));
    }

    [Fact]
    public async Task SecureStringsAreEncryptedUnderTheKeyOfTheirOwner()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        var key = (await cloud.CallAsync(KmsOperations.CreateKey, new CreateKeyRequest())).KeyMetadata!;
        const string secret = "correct horse battery staple 0815";
        await PutAsync(cloud, "/s", secret, r => (r.Type, r.KeyId) = ("SecureString", key.Arn));
        var covered = await GetAsync(cloud, "/s");
        // As on AWS, what is shown without decryption is KMS's own ciphertext.
        var opened = await cloud.CallAsync(KmsOperations.Decrypt, new DecryptRequest
        {
            CiphertextBlob = Convert.FromBase64String(covered.Value!), EncryptionContext = new() { ["PARAMETER_ARN"] = covered.ARN! },
        });
        Assert.Equal((secret, key.Arn), (Encoding.UTF8.GetString(opened.Plaintext!.Value.Span), opened.KeyId));
        Assert.Equal(secret, (await GetAsync(cloud, "/s", decrypt: true)).Value);
        var large = new string('x', 8000);
        await PutAsync(cloud, "/l", large, r => (r.Type, r.Tier) = ("SecureString", "Advanced"));
        Assert.Equal(large, (await GetAsync(cloud, "/l", decrypt: true)).Value);
        Assert.DoesNotContain("xxxx", (await GetAsync(cloud, "/l")).Value, StringComparison.Ordinal);

        await cloud.CallAsync(KmsOperations.DisableKey, new DisableKeyRequest { KeyId = key.KeyId });
        Assert.Equal("InvalidKeyId", (await SecretsCloud.RefusedAsync(() => GetAsync(cloud, "/s", decrypt: true))).Code);
        Assert.Equal("InvalidKeyId", (await SecretsCloud.RefusedAsync(
            () => PutAsync(cloud, "/t", "v", r => (r.Type, r.KeyId) = ("SecureString", "alias/none")))).Code);
    }

    [Fact]
    public async Task SecretsAreReadAsParameters()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        var created = await cloud.CreateAsync("shop/db@x", "first");
        await cloud.PutAsync("shop/db@x", "second");
        const string name = "/aws/reference/secretsmanager/shop/db@x";
        var parameter = await GetAsync(cloud, name, decrypt: true);
        Assert.Equal((name, "SecureString", "second", 0L, created.ARN), (parameter.Name, parameter.Type, parameter.Value, parameter.Version!.Value, parameter.ARN));
        Assert.Contains("\"versionStages\":[\"AWSCURRENT\"]", parameter.SourceResult, StringComparison.Ordinal);
        Assert.Equal("first", (await GetAsync(cloud, name + ":AWSPREVIOUS", decrypt: true)).Value);
        Assert.Equal("first", (await GetAsync(cloud, $"{name}:{created.VersionId}", decrypt: true)).Value);
        Assert.Equal("ValidationException", (await SecretsCloud.RefusedAsync(() => GetAsync(cloud, name))).Code);
        Assert.Equal("ParameterNotFound", (await SecretsCloud.RefusedAsync(() => GetAsync(cloud, name + "x", decrypt: true))).Code);
        var several = await cloud.CallAsync(SsmOperations.GetParameters, new GetParametersRequest { Names = [name, name + "x"], WithDecryption = true });
        Assert.Equal("second", Assert.Single(several.Parameters!).Value);
        Assert.Equal(name + "x", Assert.Single(several.InvalidParameters!));
    }

    [Fact]
    public async Task SettingsDecideWhatRequestsLeaveOpen()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        const string tier = "/ssm/parameter-store/default-parameter-tier";
        async Task<ServiceSetting> Get(string id) =>
            (await cloud.CallAsync(SsmOperations.GetServiceSetting, new GetServiceSettingRequest { SettingId = id })).ServiceSetting!;
        var setting = await Get(tier);
        Assert.Equal(("Standard", "Default"), (setting.SettingValue, setting.Status));
        await cloud.CallAsync(SsmOperations.UpdateServiceSetting, new UpdateServiceSettingRequest { SettingId = setting.ARN, SettingValue = "Intelligent-Tiering" });
        Assert.Equal("Customized", (await Get(tier)).Status);
        Assert.Equal("Advanced", (await PutAsync(cloud, "big", new string('x', 5000))).Tier);
        Assert.Equal("Standard", (await PutAsync(cloud, "small", "x")).Tier);
        Assert.Equal("ValidationException", (await SecretsCloud.RefusedAsync(
            () => cloud.CallAsync(SsmOperations.UpdateServiceSetting, new UpdateServiceSettingRequest { SettingId = tier, SettingValue = "Gold" }))).Code);
        Assert.Equal("ServiceSettingNotFound", (await SecretsCloud.RefusedAsync(() => Get("/ssm/other"))).Code);
        await cloud.CallAsync(SsmOperations.ResetServiceSetting, new ResetServiceSettingRequest { SettingId = tier });
        Assert.Equal("ValidationException", (await SecretsCloud.RefusedAsync(() => PutAsync(cloud, "bigger", new string('x', 5000)))).Code);
    }

    [Fact]
    public async Task ValuesAndFiltersAreCheckedAsOnAws()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        await PutAsync(cloud, "image", "ami-12345abcde", r => r.DataType = "aws:ec2:image");
        Assert.Equal("aws:ec2:image", (await GetAsync(cloud, "image")).DataType);
        Assert.Equal("ValidationException", (await SecretsCloud.RefusedAsync(() => PutAsync(cloud, "image", "something"))).Code);
        Assert.Equal("ValidationException", (await SecretsCloud.RefusedAsync(() => PutAsync(cloud, "i", "v", r => r.DataType = "number"))).Code);
        Assert.Equal("ValidationException", (await SecretsCloud.RefusedAsync(() => PutAsync(cloud, "i", "{{ssm:other}}"))).Code);
        await PutAsync(cloud, "braces", "{{");

        Task Describe(params ParameterStringFilter[] filters) =>
            cloud.CallAsync(SsmOperations.DescribeParameters, new DescribeParametersRequest { ParameterFilters = [.. filters] });
        Assert.Equal("InvalidFilterKey", (await SecretsCloud.RefusedAsync(() => Describe(new ParameterStringFilter { Key = "Label", Values = ["x"] }))).Code);
        Assert.Equal("InvalidFilterValue", (await SecretsCloud.RefusedAsync(() => Describe(new ParameterStringFilter { Key = "Name" }))).Code);
        Assert.Equal("InvalidFilterOption", (await SecretsCloud.RefusedAsync(() => Describe(new ParameterStringFilter { Key = "Type", Values = ["Number"] }))).Code);
        Assert.Equal("InvalidFilterKey", (await SecretsCloud.RefusedAsync(() => Describe(
            new ParameterStringFilter { Key = "Name", Values = ["a"] }, new ParameterStringFilter { Key = "Name", Values = ["b"] }))).Code);
        Assert.Empty((await cloud.CallAsync(SsmOperations.DescribeParameters, new DescribeParametersRequest { Shared = true })).Parameters!);
    }

    private static async Task<string> StatusesAsync(SecretsCloud cloud) => string.Join(
        ",", (await cloud.CallAsync(SsmOperations.DescribeParameters, new DescribeParametersRequest())).Parameters!.Single().Policies!.Select(p => p.PolicyStatus));

    private static Task<PutParameterResult> PutAsync(SecretsCloud cloud, string name, string value, Action<PutParameterRequest>? change = null)
    {
        var request = new PutParameterRequest { Name = name, Value = value, Type = "String", Overwrite = true };
        change?.Invoke(request);
        return cloud.CallAsync(SsmOperations.PutParameter, request);
    }

    private static async Task<Parameter> GetAsync(SecretsCloud cloud, string name, bool decrypt = false) =>
        (await cloud.CallAsync(SsmOperations.GetParameter, new GetParameterRequest { Name = name, WithDecryption = decrypt })).Parameter!;

    private static Task<LabelParameterVersionResult> LabelAsync(SecretsCloud cloud, string name, long? version, params string[] labels) => cloud.CallAsync(
        SsmOperations.LabelParameterVersion, new LabelParameterVersionRequest { Name = name, ParameterVersion = version, Labels = [.. labels] });
}
