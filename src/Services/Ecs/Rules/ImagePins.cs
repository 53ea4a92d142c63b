using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;

namespace Longspan.Services.Ecs.Rules;

/// <summary>
/// <c>versionConsistency</c>: all tasks of a deployment run the image that its first task ran, even if the tag has moved since. The digests
/// are those that the first running task reported; tasks that started beside it found theirs on their own. A new deployment asks anew.
/// </summary>
internal static class ImagePins
{
    public const string Disabled = "disabled";

    /// <summary>The task whose images the primary deployment is to keep to; null when that is known, or none has run yet.</summary>
    public static string? Candidate(ServiceDocument service, IEnumerable<TaskDocument> tasks) =>
        service.Deployments.Count == 0 || service.Primary is not { ImageDigests.Count: 0, Id: var deployment } ? null
        : tasks.Where(t => t.DeploymentId == deployment && t.StartedAt is not null).MinBy(t => (t.StartedAt, t.Id))?.Id;

    /// <summary>The service with the digests that the task found, if its node told any.</summary>
    public static ServiceDocument Noted(ServiceDocument service, TaskDocument task)
    {
        var digests = task.Containers.Where(c => c.ImageDigest is not null).ToDictionary(c => c.Name, c => c.ImageDigest!, StringComparer.Ordinal);
        return digests.Count == 0 ? service : service.WithDeployment(task.DeploymentId!, d => d with { ImageDigests = digests });
    }

    /// <summary>The digest that the container of a new task is bound to, or null.</summary>
    public static string? Of(ContainerDefinition container, IReadOnlyDictionary<string, string> digests) =>
        container.VersionConsistency == Disabled || container.Image!.Contains('@', StringComparison.Ordinal)
            ? null : digests.GetValueOrDefault(container.Name!);

    /// <summary>What the node is to run: <c>repository@digest</c> in place of <c>repository:tag</c>.</summary>
    public static string Reference(string image, string? digest)
    {
        if (digest is null)
        {
            return image;
        }
        // A colon before the last slash belongs to the registry's port.
        var colon = image.IndexOf(':', image.LastIndexOf('/') + 1);
        return $"{(colon < 0 ? image : image[..colon])}@{digest}";
    }
}
