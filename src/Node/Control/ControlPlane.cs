using Longspan.Api.Ecs;
using Longspan.Api.Ecr;
using Longspan.Api.SecretsManager;
using Longspan.Api.Shapes;
using Longspan.Api.Ssm;
using Longspan.Node.Engines;
using Longspan.Node.Injection;
using Longspan.Node.Tasks;
using Longspan.Wire.Client;
using Longspan.Wire.Signing;

namespace Longspan.Node.Control;

/// <summary>The node's calls to the control plane's API. Each is sent once; whoever calls decides about retries.</summary>
internal sealed class ControlPlane(HttpClient http, Uri endpoint, string region, CredentialSource keys, TimeProvider time)
{
    private readonly AwsClient _client = new(http, endpoint, region, keys, time);

    public Uri Endpoint => endpoint;

    public StoredObjects Objects { get; } = new(http, endpoint, region, time);

    public Task<RegisterContainerInstanceResponse> RegisterAsync(RegisterContainerInstanceRequest request, CancellationToken stop) =>
        _client.CallAsync(EcsOperations.RegisterContainerInstance, request, stop);

    public Task<DiscoverPollEndpointResponse> DiscoverAsync(string cluster, string instanceArn, CancellationToken stop) =>
        _client.CallAsync(
            EcsOperations.DiscoverPollEndpoint, new DiscoverPollEndpointRequest { Cluster = cluster, ContainerInstance = instanceArn }, stop);

    /// <summary>ACTIVE or DRAINING.</summary>
    public Task<UpdateContainerInstancesStateResponse> SetStateAsync(string cluster, string instanceArn, string status, CancellationToken stop) =>
        _client.CallAsync(
            EcsOperations.UpdateContainerInstancesState,
            new UpdateContainerInstancesStateRequest { Cluster = cluster, ContainerInstances = [instanceArn], Status = status }, stop);

    public Task SubmitAsync(string cluster, string task, TaskReport report, CancellationToken stop) => _client.CallAsync(
        EcsOperations.SubmitTaskStateChange,
        new SubmitTaskStateChangeRequest
        {
            Cluster = cluster,
            Task = task,
            Status = report.Status,
            Reason = report.Reason,
            Containers = report.Containers.Count == 0 ? null : [.. report.Containers.Select(ToShape)],
            PullStartedAt = report.PullStartedAt,
            PullStoppedAt = report.PullStoppedAt,
            ExecutionStoppedAt = report.ExecutionStoppedAt,
        },
        stop);

    public Task PingAsync(string instanceId, CancellationToken stop) => _client.CallAsync(
        SsmOperations.UpdateInstanceInformation,
        new UpdateInstanceInformationRequest
        {
            InstanceId = instanceId, AgentName = "longspan-node", AgentStatus = "Active", AgentVersion = NodeAgent.Version,
            ComputerName = Environment.MachineName, PlatformName = HostFacts.PlatformName, PlatformType = "Linux",
            PlatformVersion = HostFacts.PlatformVersion, IPAddress = HostFacts.Address,
        },
        stop);

    /// <summary>A login for our registry, signed with the given keys or the node's own.</summary>
    public async Task<(RegistryLogin Login, DateTimeOffset ExpiresAt)> RegistryLoginAsync(
        Uri? other, string? otherRegion, string? registryId, AwsCredentials? role, CancellationToken stop)
    {
        var client = other is null && role is null ? _client
            : new AwsClient(http, other ?? endpoint, otherRegion ?? region, role is null ? keys : _ => ValueTask.FromResult(role), time);
        var answer = await client.CallAsync(
            EcrOperations.GetAuthorizationToken,
            new GetAuthorizationTokenRequest { RegistryIds = registryId is null ? null : [registryId] }, stop);
        var found = answer.AuthorizationData is [var first, ..] ? first : null;
        if (found?.AuthorizationToken is not { } token)
        {
            throw new InvalidDataException("the registry answered without a token");
        }
        var pair = System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(token)).Split(':', 2);
        return (new RegistryLogin(found.ProxyEndpoint ?? "", pair[0], pair[^1]), found.ExpiresAt ?? time.GetUtcNow());
    }

    /// <summary>Parameter Store's values, decrypted, signed with a task's execution role.</summary>
    public Task<GetParametersResult> ParametersAsync(IReadOnlyList<string> names, string inRegion, AwsCredentials role, CancellationToken stop) =>
        new AwsClient(http, endpoint, inRegion, _ => ValueTask.FromResult(role), time).CallAsync(
            SsmOperations.GetParameters, new GetParametersRequest { Names = [.. names], WithDecryption = true }, stop);

    /// <summary>The text of a secret, signed with a task's execution role.</summary>
    public async Task<string> SecretAsync(SecretReference secret, string inRegion, AwsCredentials role, CancellationToken stop)
    {
        var client = new AwsClient(http, endpoint, inRegion, _ => ValueTask.FromResult(role), time);
        var answer = await client.CallAsync(
            SecretsManagerOperations.GetSecretValue,
            new GetSecretValueRequest { SecretId = secret.SecretId, VersionId = secret.VersionId, VersionStage = secret.VersionStage }, stop);
        return answer.SecretString ?? throw new AwsError("InvalidSecret", "the secret has no text, or is not there as text");
    }

    /// <summary>Reads a task's protection, or sets it when <paramref name="enabled"/> says so, signed with the task's own keys.</summary>
    public async Task<(ProtectedTask? Protection, Failure? Failure)> ProtectionAsync(
        string cluster, string task, bool? enabled, int? minutes, AwsCredentials role, CancellationToken stop)
    {
        var client = new AwsClient(http, endpoint, region, _ => ValueTask.FromResult(role), time);
        if (enabled is null)
        {
            var read = await client.CallAsync(
                EcsOperations.GetTaskProtection, new GetTaskProtectionRequest { Cluster = cluster, Tasks = [task] }, stop);
            return (read.ProtectedTasks?.FirstOrDefault(), read.Failures?.FirstOrDefault());
        }
        var set = await client.CallAsync(
            EcsOperations.UpdateTaskProtection,
            new UpdateTaskProtectionRequest { Cluster = cluster, Tasks = [task], ProtectionEnabled = enabled, ExpiresInMinutes = minutes }, stop);
        return (set.ProtectedTasks?.FirstOrDefault(), set.Failures?.FirstOrDefault());
    }

    /// <summary>Whether a call failed for a reason that passes: no connection, time-out, throttling, a server's own fault.</summary>
    public static bool IsTransient(Exception e) => e switch
    {
        AwsError error => error.IsServerFault || error.Code is "ThrottlingException" or "LimitExceededException" or "ServerException",
        HttpRequestException or OperationCanceledException or IOException or InvalidDataException => true,
        _ => false,
    };

    private static ContainerStateChange ToShape(ContainerReport report) => new()
    {
        ContainerName = report.Name,
        Status = report.Status,
        ExitCode = report.ExitCode,
        Reason = report.Reason,
        RuntimeId = report.RuntimeId,
        ImageDigest = report.ImageDigest,
        NetworkBindings = report.Bindings.Count == 0 ? null : [.. report.Bindings.Select(b => new NetworkBinding
        {
            BindIP = b.BindIp, ContainerPort = b.ContainerRange is null ? b.ContainerPort : null, HostPort = b.ContainerRange is null ? b.HostPort : null,
            ContainerPortRange = b.ContainerRange, HostPortRange = b.HostRange, Protocol = b.Protocol,
        })],
    };
}
