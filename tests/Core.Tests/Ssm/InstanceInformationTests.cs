using Longspan.Api.Ssm;
using Longspan.Core.Tests.Access;
using Xunit;

namespace Longspan.Core.Tests.Ssm;

public sealed class InstanceInformationTests
{
    [Fact]
    public async Task AMachineIsOnlineWhileItPings()
    {
        await using var cloud = await AccessCloud.StartAsync();
        using var machine = await RegisterAsync(cloud);
        Assert.Equal("Inactive", (await DescribeAsync(cloud)).PingStatus);

        await PingAsync(cloud, machine);
        var shape = await DescribeAsync(cloud);
        Assert.Equal(machine.Id, shape.InstanceId);
        Assert.Equal(("Online", "3.3.0.0", "Linux"), (shape.PingStatus, shape.AgentVersion, shape.PlatformType));
        Assert.Equal(("ManagedInstance", "press", "machines"), (shape.ResourceType, shape.Name, shape.IamRole));
        Assert.Equal(cloud.Clock.GetUtcNow(), shape.LastPingDateTime);

        cloud.Clock.Advance(TimeSpan.FromMinutes(12));
        Assert.Equal("ConnectionLost", (await DescribeAsync(cloud)).PingStatus);
        await PingAsync(cloud, machine);
        Assert.Equal("Online", (await DescribeAsync(cloud)).PingStatus);
    }

    [Fact]
    public async Task AnEmptyPingErasesNothing()
    {
        await using var cloud = await AccessCloud.StartAsync();
        using var machine = await RegisterAsync(cloud);
        await PingAsync(cloud, machine, new() { ComputerName = "node1", IPAddress = "10.0.0.5", PlatformName = "Debian GNU/Linux" });
        await PingAsync(cloud, machine);
        var shape = await DescribeAsync(cloud);
        Assert.Equal(("node1", "10.0.0.5", "Debian GNU/Linux"), (shape.ComputerName, shape.IPAddress, shape.PlatformName));
    }

    [Fact]
    public async Task RepeatedPingsWriteNothing()
    {
        await using var cloud = await AccessCloud.StartAsync();
        using var machine = await RegisterAsync(cloud);
        await PingAsync(cloud, machine);
        var revision = cloud.Cloud.Documents.Revision;
        for (var i = 0; i < 10; i++)
        {
            cloud.Clock.Advance(TimeSpan.FromMinutes(5));
            await PingAsync(cloud, machine);
        }
        Assert.Equal(revision, cloud.Cloud.Documents.Revision);
        cloud.Clock.Advance(TimeSpan.FromMinutes(10));
        await PingAsync(cloud, machine);
        Assert.Equal(revision + 1, cloud.Cloud.Documents.Revision);
    }

    [Fact]
    public async Task ARestartDoesNotMakeAMachineLookLost()
    {
        await using var cloud = await AccessCloud.StartAsync();
        using var machine = await RegisterAsync(cloud);
        await PingAsync(cloud, machine);
        cloud.Clock.Advance(TimeSpan.FromMinutes(50));
        await PingAsync(cloud, machine);
        await cloud.RestartAsync();
        Assert.Equal("Online", (await DescribeAsync(cloud)).PingStatus);
        cloud.Clock.Advance(TimeSpan.FromMinutes(12));
        Assert.Equal("ConnectionLost", (await DescribeAsync(cloud)).PingStatus);
        cloud.Clock.Advance(TimeSpan.FromDays(31));
        Assert.Equal("Inactive", (await DescribeAsync(cloud)).PingStatus);
    }

    [Fact]
    public async Task AMachineReportsAboutItselfOnly()
    {
        await using var cloud = await AccessCloud.StartAsync();
        using var one = await RegisterAsync(cloud);
        using var other = await RegisterAsync(cloud, create: false);
        var caller = await one.RoleCallerAsync(cloud);
        Assert.Equal("AccessDeniedException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
            SsmOperations.UpdateInstanceInformation, new UpdateInstanceInformationRequest { InstanceId = other.Id }, caller)));
        Assert.Equal("InvalidInstanceId", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
            SsmOperations.UpdateInstanceInformation, new UpdateInstanceInformationRequest { InstanceId = "mi-00000000000000000" })));
    }

    [Theory]
    [InlineData("PingStatus", "Online", 1)]
    [InlineData("PingStatus", "Inactive", 2)]
    [InlineData("PlatformTypes", "Linux", 1)]
    [InlineData("ResourceType", "ManagedInstance", 3)]
    [InlineData("ResourceType", "EC2Instance", 0)]
    [InlineData("IamRole", "machines", 3)]
    [InlineData("tag-key", "site", 3)]
    [InlineData("tag:site", "on-premises", 3)]
    [InlineData("tag:site", "cloud", 0)]
    public async Task FiltersSelect(string key, string value, int count)
    {
        await using var cloud = await AccessCloud.StartAsync();
        using var one = await RegisterAsync(cloud);
        using var two = await RegisterAsync(cloud, create: false);
        using var three = await RegisterAsync(cloud, create: false);
        await PingAsync(cloud, two);
        var newer = await cloud.CallAsync(SsmOperations.DescribeInstanceInformation,
            new DescribeInstanceInformationRequest { Filters = [new() { Key = key, Values = [value] }] });
        Assert.Equal(count, newer.InstanceInformationList!.Count);
        if (!key.StartsWith("tag", StringComparison.Ordinal))
        {
            var older = await cloud.CallAsync(SsmOperations.DescribeInstanceInformation,
                new DescribeInstanceInformationRequest { InstanceInformationFilterList = [new() { Key = key, ValueSet = [value] }] });
            Assert.Equal(count, older.InstanceInformationList!.Count);
        }
    }

    [Fact]
    public async Task UnknownFiltersAreRefused()
    {
        await using var cloud = await AccessCloud.StartAsync();
        Assert.Equal("InvalidFilterKey", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(SsmOperations.DescribeInstanceInformation,
            new DescribeInstanceInformationRequest { Filters = [new() { Key = "Colour", Values = ["red"] }] })));
    }

    private static async Task<TestMachine> RegisterAsync(AccessCloud cloud, bool create = true)
    {
        if (create)
        {
            await cloud.CreateRoleAsync("machines", AccessCloud.TrustSsm);
            await cloud.CallAsync(Api.Iam.IamOperations.AttachRolePolicy, new()
            {
                RoleName = "machines", PolicyArn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
            });
        }
        var activation = await cloud.CallAsync(SsmOperations.CreateActivation, new CreateActivationRequest
        {
            IamRole = "machines", DefaultInstanceName = "press", Tags = [new() { Key = "site", Value = "on-premises" }],
        });
        return await new TestMachine().RegisterAsync(cloud, activation);
    }

    private static async Task PingAsync(AccessCloud cloud, TestMachine machine, UpdateInstanceInformationRequest? report = null)
    {
        report ??= new UpdateInstanceInformationRequest();
        report.InstanceId = machine.Id;
        report.AgentName = "amazon-ssm-agent";
        report.AgentVersion = "3.3.0.0";
        report.PlatformType = "Linux";
        await cloud.CallAsync(SsmOperations.UpdateInstanceInformation, report, await machine.RoleCallerAsync(cloud));
    }

    private static async Task<InstanceInformation> DescribeAsync(AccessCloud cloud) => Assert.Single(
        (await cloud.CallAsync(SsmOperations.DescribeInstanceInformation, new DescribeInstanceInformationRequest())).InstanceInformationList!);
}
