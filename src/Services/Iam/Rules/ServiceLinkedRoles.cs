using Longspan.Api.Iam;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Documents;

namespace Longspan.Services.Iam.Rules;

/// <summary>
/// The service-linked roles that AWS defines for the services of this architecture. Tools make them before they use a service. Here nothing
/// acts through them: the platform's own parts need no role.
/// </summary>
internal static class ServiceLinkedRoles
{
    private const string TaskPrefix = "task";

    private static readonly Dictionary<string, (string Name, bool TakesSuffix, string Description)> s_roles = new(StringComparer.Ordinal)
    {
        ["autoscaling.amazonaws.com"] = ("AWSServiceRoleForAutoScaling", true, "Lets EC2 Auto Scaling manage instances for you."),
        ["ecs.amazonaws.com"] = ("AWSServiceRoleForECS", false, "Lets ECS manage your clusters."),
        ["ecs.application-autoscaling.amazonaws.com"] =
            ("AWSServiceRoleForApplicationAutoScaling_ECSService", false, "Lets Application Auto Scaling change services of ECS."),
        ["elasticloadbalancing.amazonaws.com"] = ("AWSServiceRoleForElasticLoadBalancing", false, "Lets Elastic Load Balancing manage load balancers."),
        ["events.amazonaws.com"] = ("AWSServiceRoleForCloudWatchEvents", false, "Lets EventBridge start what its rules name."),
        ["replication.ecr.amazonaws.com"] = ("AWSServiceRoleForECRReplication", false, "Lets ECR copy images."),
        ["spot.amazonaws.com"] = ("AWSServiceRoleForEC2Spot", false, "Lets EC2 Spot manage instances."),
        ["ssm.amazonaws.com"] = ("AWSServiceRoleForAmazonSSM", false, "Lets Systems Manager manage machines."),
    };

    /// <summary>What they may do on AWS, as far as that policy is here.</summary>
    private static readonly Dictionary<string, string> s_policies = new(StringComparer.Ordinal)
    {
        ["ecs.amazonaws.com"] = "aws-service-role/AmazonECSServiceRolePolicy",
    };

    public static RoleDocument New(string service, string? suffix, string? description, DateTimeOffset now)
    {
        if (!s_roles.TryGetValue(service, out var role))
        {
            throw new InvalidInputException($"Service principal {service} has no service-linked role here.");
        }
        if (suffix is not null && !role.TakesSuffix)
        {
            throw new InvalidInputException($"Custom suffix is not allowed for {service}");
        }
        var name = suffix is null ? role.Name : $"{role.Name}_{suffix}";
        return new RoleDocument
        {
            RoleName = IamChecks.Name("customSuffix", name, IamLimits.RoleNameLength),
            RoleId = Ids.Unique("AROA"),
            Path = $"{RoleDocument.ServiceLinkedPath}{service}/",
            CreatedAt = now,
            TrustPolicy = $$"""
                {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"{{service}}"},"Action":"sts:AssumeRole"}]}
                """,
            Description = IamChecks.Description(description) ?? role.Description,
            AttachedPolicyArns = s_policies.TryGetValue(service, out var policy) ? [ManagedPolicies.ArnOf(policy)] : [],
        };
    }

    /// <summary>The id of a deletion: <c>task/aws-service-role/SERVICE/ROLE/UUID</c>.</summary>
    public static string TaskOf(RoleDocument role) => $"{TaskPrefix}{role.Path}{role.RoleName}/{Ids.Uuid()}";

    public static bool IsTask(string id) => id.Split('/') is [TaskPrefix, "aws-service-role", { Length: > 0 }, { Length: > 0 }, var task]
        && Guid.TryParseExact(task, "D", out _);
}
