using System.Threading.RateLimiting;
using Longspan.Api.Shapes;
using Longspan.Kernel;

namespace Longspan.Server.Endpoint;

/// <summary>
/// How many control-plane calls each identity may make: a bucket of tokens for each. Beyond it a call is refused as AWS throttles, which every SDK
/// waits for and repeats. Buckets of identities that have gone quiet are dropped, and only verified callers have one.
/// </summary>
/// <param name="perSecond">0 for no limit.</param>
internal sealed class RateLimits(int perSecond) : IDisposable
{
    private const int StepsPerSecond = 10;

    private readonly PartitionedRateLimiter<Caller>? _buckets = perSecond == 0 ? null : PartitionedRateLimiter.Create<Caller, string>(
        caller => RateLimitPartition.GetTokenBucketLimiter(caller.Arn, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = Math.Max(perSecond * 2, 1),
            TokensPerPeriod = Math.Max(perSecond / StepsPerSecond, 1),
            ReplenishmentPeriod = TimeSpan.FromSeconds(Math.Max(1.0 / StepsPerSecond, 1.0 / perSecond)),
            AutoReplenishment = true,
        }),
        StringComparer.Ordinal);

    public void Take(Caller caller, Operation operation)
    {
        if (_buckets is null || DataPlane.Has(operation))
        {
            return;
        }
        using var lease = _buckets.AttemptAcquire(caller);
        if (!lease.IsAcquired)
        {
            throw new AwsError("ThrottlingException", "Rate exceeded", queryCode: "Throttling");
        }
    }

    public void Dispose() => _buckets?.Dispose();
}
