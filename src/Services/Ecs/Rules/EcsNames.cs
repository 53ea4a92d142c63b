using System.Text.RegularExpressions;
using Longspan.Api.Ecs;
using Longspan.Kernel;
using Longspan.Services.Ecs.Documents;

namespace Longspan.Services.Ecs.Rules;

/// <summary>Reads the short names and ARNs by which callers name things, and refuses malformed ones in AWS's words.</summary>
internal static partial class EcsNames
{
    [GeneratedRegex("^[a-zA-Z0-9_-]{1,255}$")]
    public static partial Regex Identifier();

    [GeneratedRegex("^[0-9a-f]{32}$|^[0-9a-f-]{36}$")]
    public static partial Regex Id();

    /// <summary>A cluster's name from its name or ARN; absent means <c>default</c>.</summary>
    public static string Cluster(string? reference)
    {
        if (string.IsNullOrEmpty(reference))
        {
            return ClusterDocument.DefaultName;
        }
        if (Kernel.Arn.TryParse(reference, out var arn))
        {
            return arn.Service == "ecs" && arn.Resource.StartsWith("cluster/", StringComparison.Ordinal)
                ? arn.Name
                : throw new InvalidParameterException("Invalid identifier: Unexpected resource type in ARN for a cluster.");
        }
        return Identifier().IsMatch(reference) ? reference : throw new InvalidParameterException("Cluster name contains invalid characters.");
    }

    /// <summary>The last part of an id or long ARN such as <c>task/CLUSTER/ID</c>; the cluster in it must be the one asked in.</summary>
    public static string Member(string? reference, string resource, string cluster)
    {
        if (string.IsNullOrEmpty(reference))
        {
            throw new InvalidParameterException($"{Described(resource)} can not be blank.");
        }
        if (!Kernel.Arn.TryParse(reference, out var arn))
        {
            return reference;
        }
        var parts = arn.Resource.Split('/');
        if (arn.Service != "ecs" || parts[0] != resource || parts.Length is < 2 or > 3)
        {
            throw new InvalidParameterException($"Invalid identifier: Unexpected resource type in ARN for a {Described(resource).ToLowerInvariant()}.");
        }
        if (parts.Length == 3 && parts[1] != cluster)
        {
            throw new InvalidParameterException(
                $"Invalid identifier: The identifier is for cluster {parts[1]}. Your cluster is {cluster}");
        }
        return parts[^1];
    }

    private static string Described(string resource) => resource switch
    {
        "container-instance" => "Container instance",
        "service" => "Service",
        _ => "TaskId",
    };

    /// <summary>Family and revision (or null for the newest active one) of <c>family</c>, <c>family:revision</c> or an ARN.</summary>
    public static (string Family, int? Revision) TaskDefinition(string? reference)
    {
        if (string.IsNullOrEmpty(reference))
        {
            throw new ClientException("TaskDefinition can not be blank.");
        }
        var text = reference;
        if (Kernel.Arn.TryParse(reference, out var arn))
        {
            text = arn.Service == "ecs" && arn.Resource.StartsWith("task-definition/", StringComparison.Ordinal)
                ? arn.Resource["task-definition/".Length..]
                : throw new ClientException("Invalid arn syntax.");
        }
        var colon = text.LastIndexOf(':');
        if (colon < 0)
        {
            return (text, null);
        }
        return int.TryParse(text[(colon + 1)..], out var revision) && revision > 0
            ? (text[..colon], revision)
            : throw new ClientException($"Invalid revision number. Number: {text[(colon + 1)..]}");
    }

    public static string ClusterArn(CallContext call, string name) => call.Arn("ecs", $"cluster/{name}").ToString();
}
