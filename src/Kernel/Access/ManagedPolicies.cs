using System.Collections.Frozen;

namespace Longspan.Kernel.Access;

/// <summary>
/// The AWS-managed policies that users of this architecture attach by ARN. They exist without documents: they can be attached, listed and
/// read, never changed. Their texts (<c>ManagedPolicies/NAME.json</c>) have the effect of AWS's own on the services that are here.
/// </summary>
public static class ManagedPolicies
{
    /// <summary>All of them have one version.</summary>
    public const string VersionId = "v1";
    private const string Prefix = "arn:aws:iam::aws:policy/";
    private const string OfServiceLinkedRoles = Prefix + "aws-service-role/";

    /// <summary>Path and name after <c>policy/</c>; ordered by name.</summary>
    public static IReadOnlyList<string> Resources { get; } =
    [
        "AdministratorAccess",
        "AmazonEC2ContainerRegistryFullAccess",
        "AmazonEC2ContainerRegistryPowerUser",
        "AmazonEC2ContainerRegistryPullOnly",
        "AmazonEC2ContainerRegistryReadOnly",
        "service-role/AmazonEC2ContainerServiceAutoscaleRole",
        "service-role/AmazonEC2ContainerServiceEventsRole",
        "service-role/AmazonEC2ContainerServiceforEC2Role",
        "service-role/AmazonEC2ContainerServiceRole",
        "service-role/AmazonEC2RoleforSSM",
        "AmazonECS_FullAccess",
        "service-role/AmazonECSInfrastructureRolePolicyForVolumes",
        "aws-service-role/AmazonECSServiceRolePolicy",
        "service-role/AmazonECSTaskExecutionRolePolicy",
        "AmazonS3FullAccess",
        "AmazonS3ReadOnlyAccess",
        "AmazonSQSFullAccess",
        "AmazonSQSReadOnlyAccess",
        "AmazonSSMFullAccess",
        "AmazonSSMManagedEC2InstanceDefaultPolicy",
        "AmazonSSMManagedInstanceCore",
        "AmazonSSMReadOnlyAccess",
        "AWSCloudTrail_FullAccess",
        "AWSCloudTrail_ReadOnlyAccess",
        "AWSCodeBuildAdminAccess",
        "AWSCodeDeployRoleForECS",
        "AWSCodePipeline_FullAccess",
        "AWSDenyAll",
        "AWSKeyManagementServicePowerUser",
        "AWSXRayDaemonWriteAccess",
        "AWSXRayFullAccess",
        "CloudWatchAgentServerPolicy",
        "CloudWatchFullAccess",
        "CloudWatchFullAccessV2",
        "CloudWatchLogsFullAccess",
        "CloudWatchLogsReadOnlyAccess",
        "CloudWatchReadOnlyAccess",
        "IAMFullAccess",
        "IAMReadOnlyAccess",
        "IAMUserChangePassword",
        "PowerUserAccess",
        "ReadOnlyAccess",
        "SecretsManagerReadWrite",
        "SecurityAudit",
        "job-function/ViewOnlyAccess",
    ];

    private static readonly FrozenDictionary<string, string> s_texts = Resources.ToFrozenDictionary(ArnOf, Load, StringComparer.Ordinal);

    public static bool IsKnown(string arn) => s_texts.ContainsKey(arn);

    /// <summary>Whether it is for a service-linked role, which has it from the start, and for no other identity.</summary>
    public static bool IsOfServiceLinkedRole(string arn) => arn.StartsWith(OfServiceLinkedRoles, StringComparison.Ordinal);

    public static string ArnOf(string resource) => Prefix + resource;

    /// <summary>The policy's text; null for an ARN that is not one of these.</summary>
    public static string? TextOf(string arn) => s_texts.GetValueOrDefault(arn);

    private static string Load(string resource)
    {
        var name = resource[(resource.LastIndexOf('/') + 1)..];
        using var stream = typeof(ManagedPolicies).Assembly.GetManifestResourceStream($"managed-policies/{name}.json")
            ?? throw new InvalidOperationException($"The text of {resource} is not part of this build.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
