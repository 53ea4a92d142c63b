using Longspan.Api.Ecs;
using Longspan.Api.Iam;
using Longspan.Api.Shapes;
using Longspan.Api.Ssm;
using Longspan.Api.Sts;
using Longspan.Node;
using Longspan.Server;
using Longspan.Wire.Client;
using Longspan.Wire.Signing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Longspan.Core.Tests.Server;

/// <summary>Machines whose clock is wrong, against a server whose clock is right.</summary>
public sealed class WrongClockTests : IAsyncLifetime, IDisposable
{
    private const string Region = "us-east-1";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("longspan-clock-");
    private readonly HttpClient _http = new();
    private LongspanServer _server = null!;
    private AwsCredentials _keys = null!;

    private sealed class Skewed(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }

    public async Task InitializeAsync()
    {
        _server = await LongspanServer.StartAsync(new ServerSettings { DataFolder = Path.Combine(_folder.FullName, "data"), Port = 0 }, default);
        var profile = File.ReadLines(_server.CredentialsFile).Select(l => l.Split('=', 2)).Where(p => p.Length == 2)
            .ToDictionary(p => p[0].Trim(), p => p[1].Trim());
        _keys = new AwsCredentials(profile["aws_access_key_id"], profile["aws_secret_access_key"]);
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    public void Dispose() => _http.Dispose();

    private AwsClient Client(TimeProvider clock) => new(_http, _server.Endpoint, Region, _ => ValueTask.FromResult(_keys), clock);

    [Theory]
    [InlineData(-10)]
    [InlineData(10)]
    [InlineData(60 * 24 * 400)]
    public async Task A_client_signs_by_the_servers_clock_once_it_has_heard_it(int minutes)
    {
        var wrong = new Skewed(TimeSpan.FromMinutes(minutes));
        await Assert.ThrowsAnyAsync<AwsError>(() => Client(wrong).CallAsync(StsOperations.GetCallerIdentity, new(), default));

        var clock = new ServerClock(wrong);
        await Client(clock).CallAsync(StsOperations.GetCallerIdentity, new(), default);
        Assert.Equal(-minutes, clock.Offset.TotalMinutes, 0.5);
    }

    [Fact]
    public async Task A_clock_that_is_nearly_right_is_left_alone_and_one_that_is_set_right_is_trusted_again()
    {
        var clock = new ServerClock(new Skewed(TimeSpan.FromSeconds(20)));
        await Client(clock).CallAsync(StsOperations.GetCallerIdentity, new(), default);
        Assert.Equal(TimeSpan.Zero, clock.Offset);

        Assert.True(clock.Observe(TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1)));
        Assert.True(clock.Observe(TimeProvider.System.GetUtcNow()));
        Assert.Equal(TimeSpan.Zero, clock.Offset);
        Assert.False(clock.Observe(TimeProvider.System.GetUtcNow()));
    }

    [Theory]
    [InlineData(-10)]
    [InlineData(10)]
    public async Task An_external_machine_with_a_wrong_clock_joins_and_runs_a_task(int minutes)
    {
        var client = Client(TimeProvider.System);
        await client.CallAsync(EcsOperations.CreateCluster, new(), default);
        await client.CallAsync(IamOperations.CreateRole, new()
        {
            RoleName = "node",
            AssumeRolePolicyDocument = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ssm.amazonaws.com"},"Action":"sts:AssumeRole"}]}""",
        }, default);
        foreach (var policy in (string[])["service-role/AmazonEC2ContainerServiceforEC2Role", "AmazonSSMManagedInstanceCore"])
        {
            await client.CallAsync(IamOperations.AttachRolePolicy, new() { RoleName = "node", PolicyArn = $"arn:aws:iam::aws:policy/{policy}" }, default);
        }
        var activation = await client.CallAsync(SsmOperations.CreateActivation, new() { IamRole = "node", RegistrationLimit = 1 }, default);
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var node = NodeAgent.RunAsync(new NodeSettings
        {
            Name = "late", Endpoint = _server.Endpoint, Region = Region, StateFolder = Path.Combine(_folder.FullName, "node"), Engine = EngineKind.Fake,
            Activation = new NodeActivation(activation.ActivationId!, activation.ActivationCode!), Time = new Skewed(TimeSpan.FromMinutes(minutes)),
            MetadataAccess = MetadataAccess.Address, RetryLimit = TimeSpan.FromMilliseconds(200),
        }, NullLogger.Instance, stop.Token);
        await client.CallAsync(EcsOperations.RegisterTaskDefinition, new()
        {
            Family = "job", RequiresCompatibilities = ["EXTERNAL"], ContainerDefinitions = [new() { Name = "main", Image = "job:1", Memory = 16, Essential = true }],
        }, default);
        await client.CallAsync(EcsOperations.CreateService, new() { ServiceName = "job", TaskDefinition = "job", DesiredCount = 1, LaunchType = "EXTERNAL" }, default);
        while ((await client.CallAsync(EcsOperations.DescribeServices, new() { Services = ["job"] }, stop.Token)).Services![0].RunningCount != 1)
        {
            Assert.False(node.IsCompleted, "the node has ended");
            await Task.Delay(50, stop.Token);
        }
        await stop.CancelAsync();
        Assert.Equal(NodeOutcome.Stopped, await node);
    }
}
