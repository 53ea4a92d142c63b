using Longspan.Api.Ssm;
using Longspan.Core.Tests.Access;
using Longspan.Kernel;
using Xunit;

namespace Longspan.Core.Tests.Ssm;

/// <summary>An ARN names a parameter of its own account and region, and no other.</summary>
public sealed class ParameterReferenceTests
{
    private const string Own = "arn:aws:ssm:lab-1:123456789012:parameter/shop/url";

    public static TheoryData<string> Foreign { get; } =
    [
        "arn:aws:ssm:lab-1:999999999999:parameter/shop/url",
        "arn:aws:ssm:lab-2:123456789012:parameter/shop/url",
        "arn:aws-cn:ssm:lab-1:123456789012:parameter/shop/url",
        "arn:aws:ssm:::parameter/shop/url",
        "arn:aws:sqs:lab-1:123456789012:parameter/shop/url",
        "arn:aws:ssm:lab-1:123456789012:document/shop/url",
        "arn:aws:ssm:lab-1:123456789012:parameter/",
    ];

    [Theory]
    [MemberData(nameof(Foreign))]
    public async Task AForeignArnReadsNothing(string arn)
    {
        await using var cloud = await FilledAsync();
        foreach (var name in (string[])[arn, arn + ":1"])
        {
            Assert.Equal("ParameterNotFound", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(SsmOperations.GetParameter, new() { Name = name })));
        }
        var several = await cloud.CallAsync(SsmOperations.GetParameters, new() { Names = [arn, Own] });
        Assert.Equal([arn], several.InvalidParameters!);
        Assert.Equal("one", Assert.Single(several.Parameters!).Value);
        Assert.Equal("ParameterNotFound", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(SsmOperations.GetParameterHistory, new() { Name = arn })));
        Assert.Equal("InvalidResourceId", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(SsmOperations.ListTagsForResource, new() { ResourceType = "Parameter", ResourceId = arn })));
    }

    [Theory]
    [MemberData(nameof(Foreign))]
    public async Task AForeignArnChangesNothing(string arn)
    {
        await using var cloud = await FilledAsync();
        var revision = cloud.Cloud.Documents.Revision;
        Assert.Equal("ParameterNotFound", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(SsmOperations.DeleteParameter, new() { Name = arn })));
        Assert.Equal([arn], (await cloud.CallAsync(SsmOperations.DeleteParameters, new() { Names = [arn] })).InvalidParameters!);
        Assert.Equal("ParameterNotFound", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(SsmOperations.LabelParameterVersion, new() { Name = arn, Labels = ["prod"] })));
        Assert.Equal("ParameterNotFound", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(SsmOperations.UnlabelParameterVersion, new() { Name = arn, ParameterVersion = 1, Labels = ["prod"] })));
        Assert.Equal("InvalidResourceId", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
            SsmOperations.AddTagsToResource, new() { ResourceType = "Parameter", ResourceId = arn, Tags = [new() { Key = "a", Value = "b" }] })));
        Assert.Equal("InvalidResourceId", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
            SsmOperations.RemoveTagsFromResource, new() { ResourceType = "Parameter", ResourceId = arn, TagKeys = ["a"] })));
        Assert.Equal(revision, cloud.Cloud.Documents.Revision);
    }

    [Fact]
    public async Task ARightToOnesOwnParametersIsNoneToForeignOnes()
    {
        await using var cloud = await FilledAsync();
        foreach (var arn in (string[])["arn:aws:ssm:lab-1:999999999999:parameter/shop/url", "arn:aws:ssm:lab-2:123456789012:parameter/shop/url"])
        {
            var call = new CallContext(cloud.Cloud, cloud.Administrator, AccessCloud.Region, "request", cloud.Cloud.Settings.Endpoint);
            var demand = Assert.Single(await cloud.Ssm.Access[SsmOperations.GetParameter](call, new GetParameterRequest { Name = arn }, default));
            Assert.Equal(arn, demand.Resource);
        }
    }

    [Theory]
    [InlineData("arn:aws:ssm:lab-1:999999999999:servicesetting/ssm/parameter-store/high-throughput-enabled")]
    [InlineData("arn:aws:ssm:lab-2:123456789012:servicesetting/ssm/parameter-store/high-throughput-enabled")]
    public async Task AForeignServiceSettingIsNotOnesOwn(string arn)
    {
        await using var cloud = await AccessCloud.StartAsync();
        var own = arn.Replace("999999999999", AccessCloud.Account, StringComparison.Ordinal).Replace("lab-2", AccessCloud.Region, StringComparison.Ordinal);
        await cloud.CallAsync(SsmOperations.UpdateServiceSetting, new() { SettingId = own, SettingValue = "true" });
        Assert.Equal("true", (await cloud.CallAsync(SsmOperations.GetServiceSetting, new() { SettingId = own })).ServiceSetting!.SettingValue);
        Assert.Equal("ServiceSettingNotFound", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(SsmOperations.GetServiceSetting, new() { SettingId = arn })));
        Assert.Equal("ServiceSettingNotFound", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(SsmOperations.UpdateServiceSetting, new() { SettingId = arn, SettingValue = "false" })));
        Assert.Equal("ServiceSettingNotFound", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(SsmOperations.ResetServiceSetting, new() { SettingId = arn })));
    }

    private static async Task<AccessCloud> FilledAsync()
    {
        var cloud = await AccessCloud.StartAsync();
        await cloud.CallAsync(SsmOperations.PutParameter, new() { Name = "/shop/url", Value = "one", Type = "String" });
        return cloud;
    }
}
