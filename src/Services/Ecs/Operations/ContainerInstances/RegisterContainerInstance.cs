using System.Text.Json;
using Longspan.Api.Ecs;
using Longspan.Api.Shapes;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>
/// A node joins, or comes back after a restart with the ARN that it was given. All attributes are echoed: the Amazon agent ends for good
/// when a valued one is missing. Coming back keeps custom attributes, because the agent sends those on its first registration only.
/// </summary>
internal static class RegisterContainerInstance
{
    public const int MaximumAttributes = 500;

    public static async ValueTask<RegisterContainerInstanceResponse> HandleAsync(
        EcsContext cx, RegisterContainerInstanceRequest request, CancellationToken stop)
    {
        if (request.Attributes is { Count: > MaximumAttributes })
        {
            throw new InvalidParameterException("Too many attributes.");
        }
        var cluster = await cx.ClusterAsync(request.Cluster, stop);
        var scope = cx.ClusterScope(cluster.Name);
        if (string.IsNullOrEmpty(request.ContainerInstanceArn))
        {
            return await JoinAsync(cx, cluster.Name, scope, request, stop);
        }
        var id = EcsNames.Member(request.ContainerInstanceArn, "container-instance", cluster.Name);
        for (var attempt = 0; attempt < EcsContext.MaximumAttempts; attempt++)
        {
            var found = await cx.Documents.GetAsync(EcsKinds.Instance, scope, id, stop);
            if (found is null || found.Value.Status == ContainerInstanceDocument.Inactive)
            {
                throw new InvalidParameterException("The referenced container instance was deregistered.");
            }
            if (!found.Value.BelongsTo(cx.Call.Caller))
            {
                throw new AwsError("AccessDeniedException", "The container instance was registered by another identity; register it anew.");
            }
            var next = Refreshed(found.Value, request);
            if ((await cx.Documents.CommitAsync(new Commit().Update(EcsKinds.Instance, found, next), stop)).Committed)
            {
                return await AnswerAsync(cx, scope, next, stop);
            }
        }
        throw EcsContext.Contended();
    }

    private static async ValueTask<RegisterContainerInstanceResponse> JoinAsync(
        EcsContext cx, string cluster, string scope, RegisterContainerInstanceRequest request, CancellationToken stop)
    {
        // The same token within the agent's own retries must not make a second instance; the id is derived in the first commit.
        var token = string.IsNullOrEmpty(request.ClientToken) ? null : "register#" + request.ClientToken;
        if (token is not null && await cx.Documents.GetAsync(EcsKinds.ClientToken, scope, token, stop) is { } earlier
            && await cx.Documents.GetAsync(EcsKinds.Instance, scope, earlier.Value.Ids[0], stop) is { } registered
            && registered.Value.BelongsTo(cx.Call.Caller))
        {
            return await AnswerAsync(cx, scope, registered.Value, stop);
        }
        var id = Kernel.Ids.Hex(32);
        var instance = new ContainerInstanceDocument
        {
            Id = id,
            Arn = cx.Arn($"container-instance/{cluster}/{id}"),
            ClusterName = cluster,
            RegisteredAt = cx.Now,
            Registered = ResourcesOf(request),
            Ec2InstanceId = InstanceIdOf(cx, request),
            RegisteredBy = cx.Call.Caller.UserId,
            AgentVersion = request.VersionInfo?.AgentVersion,
            AgentHash = request.VersionInfo?.AgentHash,
            DockerVersion = request.VersionInfo?.DockerVersion,
            Tags = Shapes.Tags(request.Tags),
        }.WithAttributes(Completed(request, cx.Call.Region));
        var commit = new Commit().Create(EcsKinds.Instance, scope, id, instance)
            .Create(EcsKinds.Assignment, scope, id, new AssignmentDocument());
        if (token is not null)
        {
            commit.Create(EcsKinds.ClientToken, scope, token,
                new ClientTokenDocument { CreatedAt = cx.Now, RequestHash = "", Ids = [id] });
        }
        if (!(await cx.Documents.CommitAsync(commit, stop)).Committed)
        {
            throw EcsContext.Contended();
        }
        return await AnswerAsync(cx, scope, instance, stop);
    }

    private static ContainerInstanceDocument Refreshed(ContainerInstanceDocument kept, RegisterContainerInstanceRequest request)
    {
        var given = AttributesOf(request);
        var names = given.Select(a => a.Name).ToHashSet(StringComparer.Ordinal);
        // Capabilities that the agent no longer announces are gone; what operators and the first registration added stays.
        var custom = kept.Attributes.Where(a => !names.Contains(a.Name) && !IsCapability(a.Name));
        return (kept with
        {
            Registered = request.TotalResources is { Count: > 0 } ? ResourcesOf(request) : kept.Registered,
            AgentVersion = request.VersionInfo?.AgentVersion ?? kept.AgentVersion,
            AgentHash = request.VersionInfo?.AgentHash ?? kept.AgentHash,
            DockerVersion = request.VersionInfo?.DockerVersion ?? kept.DockerVersion,
            Tags = request.Tags is { Count: > 0 } ? Shapes.Tags(request.Tags) : kept.Tags,
        }).WithAttributes(given.Concat(custom));
    }

    private static bool IsCapability(string name) =>
        name.StartsWith("com.amazonaws.ecs.capability.", StringComparison.Ordinal)
        || name.StartsWith("ecs.capability.", StringComparison.Ordinal)
        || name.StartsWith("longspan.capability.", StringComparison.Ordinal);

    private static IEnumerable<InstanceAttribute> Completed(RegisterContainerInstanceRequest request, string region)
    {
        var given = AttributesOf(request);
        return given.Any(a => a.Name == "ecs.availability-zone")
            ? given : given.Append(new InstanceAttribute("ecs.availability-zone", region + "a"));
    }

    private static InstanceAttribute[] AttributesOf(RegisterContainerInstanceRequest request) =>
    [
        .. (request.Attributes ?? []).Where(a => !string.IsNullOrEmpty(a.Name)).Select(a => new InstanceAttribute(a.Name!, a.Value))
            .DistinctBy(a => a.Name, StringComparer.Ordinal),
    ];

    private static InstanceResources ResourcesOf(RegisterContainerInstanceRequest request)
    {
        Resource? Find(string name) => request.TotalResources?.FirstOrDefault(r => r.Name == name);
        int Number(string name) => Find(name) is { } r ? r.IntegerValue ?? (int)(r.LongValue ?? 0) : 0;
        int[] Ports(string name) =>
            [.. (Find(name)?.StringSetValue ?? []).Select(p => int.TryParse(p, out var port) ? port : 0).Where(p => p > 0)];
        return new InstanceResources(
            Math.Max(0, Number("CPU")), Math.Max(0, Number("MEMORY")), Ports("PORTS"), Ports("PORTS_UDP"),
            [.. (request.PlatformDevices ?? []).Where(d => d.Type == "GPU" && d.Id is not null).Select(d => d.Id!)]);
    }

    private static string? InstanceIdOf(EcsContext cx, RegisterContainerInstanceRequest request)
    {
        if (string.IsNullOrWhiteSpace(request.InstanceIdentityDocument))
        {
            // An external machine has no identity document: its managed instance id is the name of the session that SSM gave it.
            var session = cx.Call.Caller.Arn[(cx.Call.Caller.Arn.LastIndexOf('/') + 1)..];
            return session.StartsWith("mi-", StringComparison.Ordinal) ? session : null;
        }
        try
        {
            return UntrustedJson.ParseObject(request.InstanceIdentityDocument)?["instanceId"] is { } id ? id.GetValue<string>() : null;
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            throw new ClientException("The instance identity document is not valid.");
        }
    }

    private static async ValueTask<RegisterContainerInstanceResponse> AnswerAsync(
        EcsContext cx, string scope, ContainerInstanceDocument instance, CancellationToken stop) =>
        new() { ContainerInstance = await InstanceDescription.OfAsync(cx, scope, instance, ["TAGS"], stop) };
}
