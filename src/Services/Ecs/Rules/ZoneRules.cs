using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;

namespace Longspan.Services.Ecs.Rules;

/// <summary>What a zone is, and which services may ask to be kept spread over them.</summary>
internal static class ZoneRules
{
    public const string Site = "site";
    public const string Zone = "ecs.availability-zone";
    private const string Prefix = "attribute:";

    /// <summary>Spread over zones, then over instances: for a rebalanced service that says nothing else.</summary>
    public static List<PlacementStrategy> Spread(string attribute) =>
        [new PlacementStrategy { Type = "spread", Field = Prefix + attribute }, new PlacementStrategy { Type = "spread", Field = "instanceId" }];

    public static void Check(Service declared, bool daemon, int maximumPercent)
    {
        switch (declared.AvailabilityZoneRebalancing)
        {
            case null or "DISABLED":
                return;
            case ServiceDocument.RebalancingEnabled:
                break;
            case var other:
                throw new InvalidParameterException($"Invalid availabilityZoneRebalancing: {other}. The valid values are ENABLED and DISABLED.");
        }
        if (daemon)
        {
            throw new InvalidParameterException("Availability Zone rebalancing is not supported for services that use the DAEMON scheduling strategy.");
        }
        if (maximumPercent <= 100)
        {
            throw new InvalidParameterException("Availability Zone rebalancing requires a maximumPercent greater than 100.");
        }
        if (declared.PlacementStrategy is { Count: > 0 } strategy
            && !(strategy[0].Type == "spread" && strategy[0].Field is Prefix + Site or Site or Prefix + Zone or Zone))
        {
            throw new InvalidParameterException(
                "Availability Zone rebalancing requires that the first placement strategy is spread over attribute:ecs.availability-zone.");
        }
    }
}
