using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Scheduling;

namespace Longspan.Services.Ecs.Rules;

/// <summary>
/// What a service does about nodes that go away, from its tags or else its cluster's. Checked when the tags are set; a value that got past
/// that (kept by an earlier release) counts as not set.
/// </summary>
internal sealed record DisconnectPolicy(TimeSpan? ReplaceAfter, bool IsNever, Reunion Reunion)
{
    public const string ReplaceAfterTag = "longspan:disconnect-replace-after";
    public const string ReunionTag = "longspan:disconnect-reunion";
    private const string Never = "never";
    private const string KeepOriginal = "keep-original";
    private const string KeepReplacement = "keep-replacement";
    private const string HandOver = "hand-over";

    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);
    /// <summary>Fargate's own machines are the platform's business: like AWS, it replaces what was on a lost one.</summary>
    public static readonly TimeSpan FargateDefault = TimeSpan.FromMinutes(5);

    public static DisconnectPolicy Of(IReadOnlyDictionary<string, string> service, IReadOnlyDictionary<string, string> cluster)
    {
        string? Find(string tag) => service.TryGetValue(tag, out var own) ? own : cluster.GetValueOrDefault(tag);
        var after = Find(ReplaceAfterTag);
        return new DisconnectPolicy(Time(after), after == Never, ReunionOf(Find(ReunionTag)) ?? Reunion.KeepOriginal);
    }

    /// <summary>How long a node may be away before a task of this launch type is replaced; null for as long as it takes.</summary>
    public TimeSpan? For(string launchType) =>
        IsNever ? null : ReplaceAfter ?? (launchType == LaunchTypes.Fargate ? FargateDefault : null);

    /// <summary>Refuses values that nobody would act on.</summary>
    public static void Check(IReadOnlyDictionary<string, string> tags)
    {
        if (tags.TryGetValue(ReplaceAfterTag, out var after) && after != Never && Time(after) is null)
        {
            throw new InvalidParameterException(
                $"The value '{after}' of the tag {ReplaceAfterTag} is not valid. Use never, or a time from 1s to 30d: 90, 90s, 5m, 2h or 1d.");
        }
        if (tags.TryGetValue(ReunionTag, out var reunion) && ReunionOf(reunion) is null)
        {
            throw new InvalidParameterException(
                $"The value '{reunion}' of the tag {ReunionTag} is not valid. Use {KeepOriginal}, {KeepReplacement} or {HandOver}.");
        }
    }

    private static Reunion? ReunionOf(string? text) => text switch
    {
        KeepOriginal => Reunion.KeepOriginal,
        KeepReplacement => Reunion.KeepReplacement,
        HandOver => Reunion.HandOver,
        _ => null,
    };

    private static TimeSpan? Time(string? text) => TagTime.Parse(text, Longest);
}
