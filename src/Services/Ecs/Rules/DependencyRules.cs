using Longspan.Api.Ecs;

namespace Longspan.Services.Ecs.Rules;

/// <summary>What a container waits for: <c>dependsOn</c>, and silently links and volumes of other containers. No circles.</summary>
internal static class DependencyRules
{
    public static void Check(IReadOnlyList<ContainerDefinition> containers)
    {
        var byName = containers.ToDictionary(c => c.Name!, StringComparer.Ordinal);
        var done = new HashSet<string>(StringComparer.Ordinal);
        foreach (var container in containers)
        {
            CheckConditions(container, byName);
            Visit(container, []);
        }

        // The depth is bounded by the number of containers: a longer path has met one of them twice.
        void Visit(ContainerDefinition container, HashSet<string> path)
        {
            if (!path.Add(container.Name!))
            {
                throw new ClientException("Container dependency cycle detected.");
            }
            foreach (var (on, member) in done.Contains(container.Name!) ? [] : Of(container))
            {
                Visit(byName.GetValueOrDefault(on ?? "") ?? throw Unknown(container, on, member), path);
            }
            path.Remove(container.Name!);
            done.Add(container.Name!);
        }
    }

    private static IEnumerable<(string? On, string Member)> Of(ContainerDefinition container) =>
        (container.DependsOn ?? []).Select(d => (d.ContainerName, "dependsOn"))
            .Concat((container.Links ?? []).Select(l => ((string?)l.Split(':')[0], "links")))
            .Concat((container.VolumesFrom ?? []).Select(v => (v.SourceContainer, "volumesFrom")));

    private static ClientException Unknown(ContainerDefinition container, string? on, string member) => member switch
    {
        "dependsOn" => new ClientException($"Container '{container.Name}' depends on unknown container '{on}'."),
        _ => ContainerRules.Invalid(container.Name, $"'{member}' names the unknown container '{on}'."),
    };

    private static void CheckConditions(ContainerDefinition container, Dictionary<string, ContainerDefinition> byName)
    {
        foreach (var dependency in container.DependsOn ?? [])
        {
            if (dependency.Condition is not ("START" or "COMPLETE" or "SUCCESS" or "HEALTHY"))
            {
                throw ContainerRules.Invalid(container.Name, $"The condition of a dependency must be START, COMPLETE, SUCCESS or HEALTHY, not '{dependency.Condition}'.");
            }
            if (!byName.TryGetValue(dependency.ContainerName ?? "", out var other))
            {
                throw Unknown(container, dependency.ContainerName, "dependsOn");
            }
            if (dependency.Condition == "HEALTHY" && other.HealthCheck is null)
            {
                throw new ClientException(
                    $"Container '{container.Name}' depends on container '{other.Name}' being HEALTHY, which has no health check.");
            }
            if (dependency.Condition is "COMPLETE" or "SUCCESS" && (other.Essential ?? true))
            {
                throw new ClientException(
                    $"Container '{container.Name}' depends on the end of container '{other.Name}', which is essential: its end would stop the task.");
            }
        }
    }
}
