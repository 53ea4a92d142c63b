using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Longspan.Api.Ecs;
using Longspan.Api.Iam;
using Longspan.Api.Shapes;
using Longspan.Api.Ssm;
using Longspan.Server;
using Longspan.Wire.Client;
using Longspan.Wire.Signing;

namespace Longspan.Core.Tests.Ecs.AgentDouble;

/// <summary>
/// The real server in this process, its operator, and machines that register with it as the install script of ECS Anywhere makes them.
/// Every test has a cluster of its own.
/// </summary>
public sealed class AgentServer : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("longspan-agent-");
    private readonly HttpClient _http = new();
    private LongspanServer _server = null!;
    private AwsClient _operator = null!;
    private int _clusters;

    public Uri Endpoint => _server.Endpoint;
    public TimeProvider Clock { get; private set; } = TimeProvider.System;
    internal SigningKeys AdministratorKeys { get; private set; } = null!;

    /// <summary>What AWS lets its machines do as far as agents use it, and the tags of the metadata.</summary>
    private const string MachineActions =
        "\"ecs:DiscoverPollEndpoint\",\"ecs:Poll\",\"ecs:RegisterContainerInstance\",\"ecs:DeregisterContainerInstance\",\"ecs:StartTelemetrySession\","
        + "\"ecs:Submit*\",\"ecs:UpdateContainerInstancesState\",\"ecs:ListTagsForResource\",\"ecs:TagResource\",\"ssm:UpdateInstanceInformation\"";

    public static async Task<AgentServer> StartAsync(TimeProvider? clock = null)
    {
        var started = new AgentServer { Clock = clock ?? TimeProvider.System };
        await started.OpenAsync(0);
        const string Trust =
            """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["ssm.amazonaws.com","ecs-tasks.amazonaws.com"]},"Action":"sts:AssumeRole"}]}""";
        foreach (var name in new[] { "machines", "worker", "execution" })
        {
            await started.CallAsync(IamOperations.CreateRole, new() { RoleName = name, AssumeRolePolicyDocument = Trust });
        }
        await started.PermitAsync("machines", MachineActions);
        await started.PermitAsync("worker", "\"ecs:GetTaskProtection\",\"ecs:UpdateTaskProtection\"");
        await started.CallAsync(IamOperations.AttachRolePolicy, new()
        {
            RoleName = "execution", PolicyArn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
        });
        return started;
    }

    private Task PermitAsync(string role, string actions) => CallAsync(IamOperations.PutRolePolicy, new()
    {
        RoleName = role, PolicyName = "more", PolicyDocument = PolicyFor(actions),
    });

    private static string PolicyFor(string actions) =>
        $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[{{actions}}],"Resource":"*"}]}""";

    private async Task OpenAsync(int port)
    {
        _server = await LongspanServer.StartAsync(
            new ServerSettings { DataFolder = Path.Combine(_folder.FullName, "data"), Port = port, Clock = Clock }, default);
        var lines = (await File.ReadAllLinesAsync(_server.CredentialsFile)).Where(line => line.Contains('=', StringComparison.Ordinal))
            .Select(line => line.Split('=', 2, StringSplitOptions.TrimEntries)).ToDictionary(side => side[0], side => side[1]);
        var keys = new AwsCredentials(lines["aws_access_key_id"], lines["aws_secret_access_key"]);
        AdministratorKeys = new SigningKeys(keys.AccessKeyId, keys.SecretAccessKey);
        _operator = new AwsClient(_http, _server.Endpoint, "us-east-1", _ => ValueTask.FromResult(keys), Clock);
    }

    /// <summary>The same address with the same state in a new process.</summary>
    public async Task RestartAsync()
    {
        var port = _server.Endpoint.Port;
        await _server.DisposeAsync();
        await OpenAsync(port);
    }

    internal Task<TResponse> CallAsync<TRequest, TResponse>(Operation<TRequest, TResponse> operation, TRequest request)
        where TRequest : Shape, new()
        where TResponse : Shape, new() => _operator.CallAsync(operation, request, default);

    /// <summary>Whoever has these keys.</summary>
    internal AwsClient ClientOf(SigningKeys keys) =>
        new(_http, _server.Endpoint, "us-east-1", _ => ValueTask.FromResult(new AwsCredentials(keys.Id, keys.Secret, keys.Token)), Clock);

    public async Task<string> ClusterAsync()
    {
        var name = $"c{Interlocked.Increment(ref _clusters)}";
        await CallAsync(EcsOperations.CreateCluster, new() { ClusterName = name });
        return name;
    }

    /// <summary>Keys of a user who is no administrator and may do what nodes may.</summary>
    internal async Task<SigningKeys> UserAsync(string name)
    {
        await CallAsync(IamOperations.CreateUser, new() { UserName = name });
        await CallAsync(IamOperations.PutUserPolicy, new() { UserName = name, PolicyName = "more", PolicyDocument = PolicyFor(MachineActions) });
        var key = (await CallAsync(IamOperations.CreateAccessKey, new() { UserName = name })).AccessKey!;
        return new SigningKeys(key.AccessKeyId!, key.SecretAccessKey!);
    }

    /// <summary>A machine of its own: activation, unsigned registration, role keys by its RSA key.</summary>
    internal async Task<Machine> MachineAsync()
    {
        var activation = await CallAsync(SsmOperations.CreateActivation, new() { IamRole = "machines" });
        var rsa = RSA.Create(2048);
        var fingerprint = SpecSigner.Uuid();
        var registered = await SsmAsync("RegisterManagedInstance", new JsonObject
        {
            ["ActivationCode"] = activation.ActivationCode, ["ActivationId"] = activation.ActivationId, ["Fingerprint"] = fingerprint,
            ["PublicKey"] = Convert.ToBase64String(rsa.ExportSubjectPublicKeyInfo()), ["PublicKeyType"] = "Rsa",
        }, null, "");
        var id = (string)registered["InstanceId"]!;
        return new Machine(id, async () =>
        {
            var token = await SsmAsync("RequestManagedInstanceRoleToken", new JsonObject { ["Fingerprint"] = fingerprint }, rsa, id);
            return new SigningKeys((string)token["AccessKeyId"]!, (string)token["SecretAccessKey"]!, (string)token["SessionToken"]!);
        });
    }

    // The machine's signature: SigV4's string, signed with RSA-PSS instead of an HMAC.
    private async Task<JsonObject> SsmAsync(string operation, JsonObject body, RSA? rsa, string id)
    {
        var payload = Encoding.UTF8.GetBytes(body.ToJsonString());
        using var request = new HttpRequestMessage(HttpMethod.Post, Endpoint) { Content = new ByteArrayContent(payload) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-amz-json-1.1");
        request.Headers.TryAddWithoutValidation("X-Amz-Target", "AmazonSSM." + operation);
        if (rsa is not null)
        {
            var timestamp = SpecSigner.Timestamp(Clock.GetUtcNow());
            var hash = Convert.ToHexStringLower(SHA256.HashData(payload));
            const string Names = "content-type;host;x-amz-date;x-amz-target";
            var canonical = $"POST\n/\n\ncontent-type:application/x-amz-json-1.1\nhost:{Endpoint.Authority}\nx-amz-date:{timestamp}\n"
                + $"x-amz-target:AmazonSSM.{operation}\n\n{Names}\n{hash}";
            var scope = $"{timestamp[..8]}/us-east-1/ssm/aws4_request";
            var toSign = $"AWS4-HMAC-SHA256\n{timestamp}\n{scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
            var signature = Convert.ToBase64String(
                rsa.SignData(Encoding.UTF8.GetBytes(toSign), HashAlgorithmName.SHA256, RSASignaturePadding.Pss));
            request.Headers.TryAddWithoutValidation("X-Amz-Date", timestamp);
            request.Headers.TryAddWithoutValidation("X-Amz-Content-Sha256", hash);
            request.Headers.TryAddWithoutValidation(
                "Authorization", $"AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={Names}, Signature={signature}");
        }
        using var answer = await _http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Xunit.Assert.True(answer.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!.AsObject();
    }

    /// <summary>An agent on a machine of its own, in external mode, not started yet.</summary>
    internal async Task<AmazonAgent> AgentAsync(string cluster, Func<AgentSettings, AgentSettings>? change = null)
    {
        var machine = await MachineAsync();
        var settings = new AgentSettings
        {
            Backend = Endpoint, Machine = machine, Keys = await machine.KeysAsync(), Cluster = cluster, Clock = Clock,
        };
        return new AmazonAgent(change?.Invoke(settings) ?? settings);
    }

    /// <summary>An agent that has joined.</summary>
    internal async Task<AmazonAgent> JoinedAsync(string cluster, Func<AgentSettings, AgentSettings>? change = null)
    {
        var agent = await AgentAsync(cluster, change);
        Xunit.Assert.Null(await agent.StartAsync());
        // The server shows it as connected before it says anything.
        await agent.UntilReceivedAsync("TaskManifestMessage", 1);
        return agent;
    }

    internal async Task<string> RegisterAsync(string family, Action<RegisterTaskDefinitionRequest>? change = null)
    {
        var request = new RegisterTaskDefinitionRequest
        {
            Family = family, ContainerDefinitions = [new ContainerDefinition { Name = "main", Image = "busybox", Cpu = 128, Memory = 64 }],
        };
        change?.Invoke(request);
        return (await CallAsync(EcsOperations.RegisterTaskDefinition, request)).TaskDefinition!.TaskDefinitionArn!;
    }

    internal async Task<string> RunAsync(string cluster, string family)
    {
        var answer = await CallAsync(EcsOperations.RunTask, new() { Cluster = cluster, TaskDefinition = family, LaunchType = "EXTERNAL" });
        return Xunit.Assert.Single(answer.Tasks ?? [], _ => answer.Failures is not { Count: > 0 }).TaskArn!;
    }

    internal async Task<EcsTask> TaskAsync(string cluster, string arn) =>
        (await CallAsync(EcsOperations.DescribeTasks, new() { Cluster = cluster, Tasks = [arn] })).Tasks!.Single();

    internal Task<EcsTask> UntilTaskAsync(string cluster, string arn, string status) => EcsCloud.UntilAsync(
        $"task {status}", () => TaskAsync(cluster, arn), t => t.LastStatus == status, t => $"{t.LastStatus}, {t.StoppedReason}");

    internal async Task<ContainerInstance> InstanceAsync(AmazonAgent agent) => (await CallAsync(EcsOperations.DescribeContainerInstances, new()
    {
        Cluster = agent.Settings.Cluster, ContainerInstances = [agent.Arn!], Include = ["CONTAINER_INSTANCE_HEALTH", "TAGS"],
    })).ContainerInstances!.Single();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _http.Dispose();
        _folder.Delete(recursive: true);
    }
}

/// <summary>A registered machine. Each call of <see cref="KeysAsync"/> is a fresh set for the same role session.</summary>
internal sealed record Machine(string Id, Func<Task<SigningKeys>> KeysAsync);

/// <summary>One server for all tests of a class.</summary>
public sealed class AgentServerFixture : Xunit.IAsyncLifetime
{
    public AgentServer Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await AgentServer.StartAsync();

    public async Task DisposeAsync() => await Server.DisposeAsync();
}
