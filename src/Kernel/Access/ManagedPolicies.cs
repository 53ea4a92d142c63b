namespace Longspan.Kernel.Access;

/// <summary>
/// The AWS-managed policies that users of this architecture attach by ARN. They exist without documents: they can be attached and listed,
/// never changed.
/// </summary>
public static class ManagedPolicies
{
    private const string Prefix = "arn:aws:iam::aws:policy/";

    /// <summary>Path and name after <c>policy/</c>; ordered by name.</summary>
    public static IReadOnlyList<string> Resources { get; } =
    [
        "AdministratorAccess",
        "AmazonEC2ContainerRegistryFullAccess",
        "AmazonEC2ContainerRegistryPowerUser",
        "AmazonEC2ContainerRegistryReadOnly",
        "service-role/AmazonEC2ContainerServiceEventsRole",
        "service-role/AmazonEC2ContainerServiceforEC2Role",
        "AmazonECS_FullAccess",
        "service-role/AmazonECSInfrastructureRolePolicyForVolumes",
        "service-role/AmazonECSTaskExecutionRolePolicy",
        "AmazonSQSFullAccess",
        "AmazonSQSReadOnlyAccess",
        "AmazonSSMFullAccess",
        "AmazonSSMManagedInstanceCore",
        "AmazonSSMReadOnlyAccess",
        "AWSCodeBuildAdminAccess",
        "AWSCodeDeployRoleForECS",
        "AWSCodePipeline_FullAccess",
        "AWSXRayDaemonWriteAccess",
        "CloudWatchAgentServerPolicy",
        "CloudWatchLogsFullAccess",
        "IAMFullAccess",
        "IAMReadOnlyAccess",
        "PowerUserAccess",
        "ReadOnlyAccess",
        "SecretsManagerReadWrite",
        "SecurityAudit",
        "ViewOnlyAccess",
    ];

    private static readonly HashSet<string> s_arns = [.. Resources.Select(r => Prefix + r)];

    public static bool IsKnown(string arn) => s_arns.Contains(arn);

    /// <summary>The policy's text; null for an ARN that is not one of these.</summary>
    public static string? TextOf(string arn) => IsKnown(arn) ? """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}""" : null;

    public static string ArnOf(string resource) => Prefix + resource;
}
