using System.Text.RegularExpressions;
using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Rules;

/// <summary>What the capacity provider operations share: names, settings, and finding one.</summary>
internal static partial class CapacityProviderRules
{
    public const int MaximumProviders = 100;

    [GeneratedRegex("^[a-zA-Z0-9_-]{1,255}$")]
    private static partial Regex Allowed();

    public static void CheckName(string? name)
    {
        if (name is null || !Allowed().IsMatch(name)
            || name.StartsWith("aws", StringComparison.OrdinalIgnoreCase) || name.StartsWith("ecs", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("fargate", StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidParameterException(
                "The specified capacity provider name is invalid. Up to 255 characters are allowed, including letters (upper and lowercase), "
                + "numbers, underscores, and hyphens. The name cannot be prefixed with \"aws\", \"ecs\", or \"fargate\".");
        }
    }

    /// <summary>The name in a name or ARN.</summary>
    public static string NameOf(string? reference)
    {
        if (string.IsNullOrEmpty(reference))
        {
            throw new InvalidParameterException("Capacity provider can not be blank.");
        }
        if (!Kernel.Arn.TryParse(reference, out var arn))
        {
            return reference;
        }
        return arn.Service == "ecs" && arn.Resource.StartsWith("capacity-provider/", StringComparison.Ordinal)
            ? arn.Name
            : throw new InvalidParameterException("Invalid identifier: Unexpected resource type in ARN for a capacity provider.");
    }

    public static string ArnOf(EcsContext cx, string name) => cx.Arn($"capacity-provider/{name}");

    public static ClientException NotFound(string name) =>
        new($"The specified capacity provider '{name}' was not found. Specify a valid name or ARN and try again.");

    public static async ValueTask<Document<CapacityProviderDocument>> ExistingAsync(EcsContext cx, string name, CancellationToken stop) =>
        await cx.Documents.GetAsync(EcsKinds.CapacityProvider, cx.Scope, name, stop) ?? throw NotFound(name);

    public static void CheckSettings(ManagedScaling? scaling, string? protection, string? draining)
    {
        OneOf("managedTerminationProtection", protection);
        OneOf("managedDraining", draining);
        OneOf("managedScaling status", scaling?.Status);
        InRange("targetCapacity", scaling?.TargetCapacity, 1, 100);
        InRange("minimumScalingStepSize", scaling?.MinimumScalingStepSize, 1, 10_000);
        InRange("maximumScalingStepSize", scaling?.MaximumScalingStepSize, 1, 10_000);
        InRange("instanceWarmupPeriod", scaling?.InstanceWarmupPeriod, 0, 10_000);
        if (protection == "ENABLED" && scaling?.Status != "ENABLED")
        {
            throw new InvalidParameterException(
                "The managed termination protection setting for the capacity provider is invalid. "
                + "To enable managed termination protection for a capacity provider, managed scaling must be enabled.");
        }
    }

    private static void OneOf(string member, string? value)
    {
        if (value is not (null or "ENABLED" or "DISABLED"))
        {
            throw new InvalidParameterException($"Invalid {member} '{value}'. It must be ENABLED or DISABLED.");
        }
    }

    private static void InRange(string member, int? value, int from, int to)
    {
        if (value is { } number && (number < from || number > to))
        {
            throw new InvalidParameterException($"Invalid {member}: must be between {from} and {to}.");
        }
    }

    /// <summary>Settings that the caller left out, as AWS fills them in.</summary>
    public static AutoScalingGroupProvider Completed(string arn, ManagedScaling? scaling, string? protection, string? draining)
    {
        var enabled = scaling?.Status == "ENABLED";
        return new AutoScalingGroupProvider
        {
            AutoScalingGroupArn = arn,
            ManagedScaling = new ManagedScaling
            {
                Status = scaling?.Status ?? "DISABLED",
                TargetCapacity = scaling?.TargetCapacity ?? 100,
                MinimumScalingStepSize = scaling?.MinimumScalingStepSize ?? 1,
                MaximumScalingStepSize = scaling?.MaximumScalingStepSize ?? (enabled ? 10_000 : 1),
                InstanceWarmupPeriod = scaling?.InstanceWarmupPeriod ?? 300,
            },
            ManagedTerminationProtection = protection ?? "DISABLED",
            ManagedDraining = draining ?? "ENABLED",
        };
    }
}
