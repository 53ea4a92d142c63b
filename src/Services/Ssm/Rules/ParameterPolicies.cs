using System.Globalization;
using System.Text.Json;
using Longspan.Api.Shapes;
using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Documents;

namespace Longspan.Services.Ssm.Rules;

/// <summary>Policies of advanced parameters: what they may say, and what is due.</summary>
internal static class ParameterPolicies
{
    public const string Expiration = "Expiration";
    private const string ExpirationNotification = "ExpirationNotification";
    private const string NoChangeNotification = "NoChangeNotification";
    private const string CurrentVersion = "1.0";
    private const int Maximum = 10;
    private const int MaximumLength = 4096;

    /// <summary>The policies that a request sets, none when it takes them away; null when it says nothing about them.</summary>
    public static IReadOnlyList<ParameterPolicy>? Read(string? text, DateTimeOffset now)
    {
        if (text is null)
        {
            return null;
        }
        if (text.Length is 0 or > MaximumLength)
        {
            throw SsmFaults.Constraint("policies", text, $"Member must have length between 1 and {MaximumLength}, inclusive");
        }
        List<ParameterPolicy> policies;
        try
        {
            using var json = UntrustedJson.Parse(text);
            var items = json.RootElement.ValueKind == JsonValueKind.Array ? [.. json.RootElement.EnumerateArray()] : new List<JsonElement> { json.RootElement };
            // An empty object, alone or in an array, takes all policies away.
            policies = [.. items.Where(i => i.ValueKind != JsonValueKind.Object || i.EnumerateObject().Any()).Select(i => ReadOne(i, now))];
        }
        catch (JsonException)
        {
            throw new InvalidPolicyAttributeException("The policies must be a JSON array.");
        }
        if (policies.Count > Maximum)
        {
            throw new PoliciesLimitExceededException(
                $"You specified more than the maximum number of allowed policies for the parameter. The maximum is {Maximum}.");
        }
        if (policies.Count(p => p.Type == Expiration) > 1)
        {
            throw new IncompatiblePolicyException(
                "There is a conflict in the policies specified for this parameter. You can't specify two Expiration policies.");
        }
        return policies.Exists(p => p.Type == ExpirationNotification) && !policies.Exists(p => p.Type == Expiration)
            ? throw new IncompatiblePolicyException("An ExpirationNotification policy needs an Expiration policy beside it.")
            : policies;
    }

    /// <summary>What the next version takes over: a change begins the time anew that has to pass without one.</summary>
    public static IReadOnlyList<ParameterPolicy> AfterChange(IReadOnlyList<ParameterPolicy> policies) =>
        [.. policies.Select(p => p.Type == NoChangeNotification ? p with { IsFinished = false } : p)];

    public static bool IsExpired(ParameterDocument parameter, DateTimeOffset now) => parameter.Policies.Any(p => p.ExpiresAt <= now);

    /// <summary>The parameter with those notifications finished that are due; itself when none is.</summary>
    public static ParameterDocument Notified(ParameterDocument parameter, DateTimeOffset now) => parameter.Policies.Any(p => IsDue(parameter, p, now))
        ? parameter with { Policies = [.. parameter.Policies.Select(p => IsDue(parameter, p, now) ? p with { IsFinished = true } : p)] }
        : parameter;

    /// <summary>When something is due next; null when nothing is.</summary>
    public static DateTimeOffset? NextDue(ParameterDocument parameter) =>
        parameter.Policies.Where(p => !p.IsFinished).Select(p => p.ExpiresAt ?? DueAt(parameter, p)).Min();

    private static bool IsDue(ParameterDocument parameter, ParameterPolicy policy, DateTimeOffset now) =>
        !policy.IsFinished && policy.ExpiresAt is null && DueAt(parameter, policy) <= now;

    private static DateTimeOffset? DueAt(ParameterDocument parameter, ParameterPolicy policy) => policy.Type == NoChangeNotification
        ? parameter.ModifiedAt + policy.Span
        : parameter.Policies.FirstOrDefault(p => p.ExpiresAt is not null)?.ExpiresAt - policy.Span;

    private static ParameterPolicy ReadOne(JsonElement json, DateTimeOffset now)
    {
        if (json.ValueKind != JsonValueKind.Object || Text(json, "Version") != CurrentVersion
            || !json.TryGetProperty("Attributes", out var attributes) || attributes.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidPolicyAttributeException($"A policy has a Type, the Version {CurrentVersion} and Attributes.");
        }
        var policy = new ParameterPolicy(Text(json, "Type") ?? "", json.GetRawText());
        return policy.Type switch
        {
            Expiration => policy with { ExpiresAt = Time(Text(attributes, "Timestamp"), now) },
            ExpirationNotification => policy with { Span = Span(attributes, "Before") },
            NoChangeNotification => policy with { Span = Span(attributes, "After") },
            _ => throw new InvalidPolicyTypeException(
                $"The policy type {policy.Type} is not supported. Parameter Store supports: {Expiration}, {ExpirationNotification}, {NoChangeNotification}."),
        };
    }

    private static DateTimeOffset Time(string? text, DateTimeOffset now) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) && time > now
            ? time
            : throw new InvalidPolicyAttributeException("The Timestamp of an Expiration policy is a time to come, as in 2030-12-02T21:34:33.000Z.");

    private static TimeSpan Span(JsonElement attributes, string name)
    {
        var unit = Text(attributes, "Unit");
        return int.TryParse(Text(attributes, name), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is > 0 and < 100_000
            && unit is "Days" or "Hours"
            ? unit == "Days" ? TimeSpan.FromDays(count) : TimeSpan.FromHours(count)
            : throw new InvalidPolicyAttributeException($"A notification policy has the attributes {name}, a number, and Unit, Days or Hours.");
    }

    private static string? Text(JsonElement json, string name) => !json.TryGetProperty(name, out var value) ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : value.ValueKind == JsonValueKind.Number ? value.GetRawText() : null;
}
