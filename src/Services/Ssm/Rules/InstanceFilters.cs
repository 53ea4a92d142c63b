using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Documents;

namespace Longspan.Services.Ssm.Rules;

/// <summary>Filters of <c>DescribeInstanceInformation</c>, in its older and its newer spelling. All must hold; of a filter's values, any.</summary>
internal static class InstanceFilters
{
    private const string TagPrefix = "tag:";

    public static Func<ManagedInstanceDocument, InstanceInformation, bool> Read(DescribeInstanceInformationRequest request)
    {
        var filters = (request.Filters ?? []).Select(f => Read(f.Key!, f.Values ?? []))
            .Concat((request.InstanceInformationFilterList ?? []).Select(f => Read(f.Key!, f.ValueSet ?? [])))
            .ToList();
        return (instance, shape) => filters.TrueForAll(f => f(instance, shape));
    }

    private static Func<ManagedInstanceDocument, InstanceInformation, bool> Read(string key, List<string> values)
    {
        if (values.Count == 0)
        {
            throw new InvalidInstanceInformationFilterValue($"The filter {key} has no values.");
        }
        bool Any(string? actual) => actual is not null && values.Contains(actual);
        return key switch
        {
            "InstanceIds" => (i, _) => Any(i.InstanceId),
            "AgentVersion" => (i, _) => Any(i.Report.AgentVersion),
            "PingStatus" => (_, shape) => Any(shape.PingStatus),
            "PlatformTypes" or "PlatformType" => (i, _) => Any(i.Report.PlatformType),
            "ActivationIds" => (i, _) => Any(i.ActivationId),
            "IamRole" => (i, _) => Any(i.IamRole),
            "ResourceType" => (_, shape) => Any(shape.ResourceType),
            "AssociationStatus" => (_, shape) => Any(shape.AssociationStatus),
            "SourceIds" => (_, shape) => Any(shape.SourceId),
            "SourceTypes" => (_, shape) => Any(shape.SourceType),
            "tag-key" => (i, _) => values.Any(i.Tags.ContainsKey),
            _ when key.StartsWith(TagPrefix, StringComparison.Ordinal) => (i, _) => Any(i.Tags.GetValueOrDefault(key[TagPrefix.Length..])),
            _ => throw new InvalidFilterKey($"The filter key {key} isn't valid."),
        };
    }
}
