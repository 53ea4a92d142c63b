using Longspan.Api.Sts;
using Longspan.Kernel;
using Longspan.Kernel.Access.Policies;

namespace Longspan.Services.Sts.Rules;

/// <summary>What STS asks of an <c>AssumeRole</c> request, and how long the session lives.</summary>
internal static class AssumeRoleRules
{
    public const int MinimumSeconds = 900;
    public const int MaximumSeconds = 43_200;
    private const int DefaultSeconds = 3600;
    private const int ChainedSeconds = 3600;
    private const int MaximumPolicyLength = 2048;
    private const int MaximumPolicyArns = 10;
    public const int MaximumTags = 50;
    private const int MaximumFederatedName = 32;

    public static void Check(AssumeRoleRequest request)
    {
        CheckName("roleSessionName", request.RoleSessionName!);
        CheckSourceIdentity(request.SourceIdentity);
        CheckRole(request.RoleArn!);
        if (request.ExternalId is { Length: < 2 or > 1224 })
        {
            throw StsFaults.Constraint("externalId", request.ExternalId, "Member must have length between 2 and 1224, inclusive");
        }
        CheckDuration(request.DurationSeconds, MaximumSeconds);
        CheckPolicies(request.Policy, request.PolicyArns);
        CheckTags(request.Tags);
        DeviceRules.Check(request.SerialNumber, request.TokenCode);
    }

    public static void Check(AssumeRoleWithWebIdentityRequest request)
    {
        CheckName("roleSessionName", request.RoleSessionName!);
        CheckRole(request.RoleArn!);
        if (request.WebIdentityToken!.Length < 4)
        {
            // The value is a credential, however short.
            throw StsFaults.Constraint("webIdentityToken", "", "Member must have length greater than or equal to 4");
        }
        CheckDuration(request.DurationSeconds, MaximumSeconds);
        CheckPolicies(request.Policy, request.PolicyArns);
    }

    public static void Check(GetFederationTokenRequest request)
    {
        CheckName("name", request.Name!, MaximumFederatedName);
        CheckPolicies(request.Policy, request.PolicyArns);
        CheckTags(request.Tags);
    }

    public static void CheckSourceIdentity(string? identity)
    {
        if (identity is not null)
        {
            CheckName("sourceIdentity", identity);
        }
    }

    public static void CheckDuration(int? seconds, int maximum)
    {
        if (seconds < MinimumSeconds)
        {
            throw StsFaults.Constraint("durationSeconds", seconds, $"Member must have value greater than or equal to {MinimumSeconds}");
        }
        if (seconds > maximum)
        {
            throw StsFaults.Constraint("durationSeconds", seconds, $"Member must have value less than or equal to {maximum}");
        }
    }

    /// <summary>
    /// The platform's own callers may ask for the whole range: the role's maximum bounds what users take, while a task's credentials live
    /// as long as the control plane decides.
    /// </summary>
    /// <param name="caller">Null for someone without keys of their own.</param>
    public static TimeSpan Life(int? requested, int roleMaximum, Caller? caller)
    {
        var seconds = requested ?? DefaultSeconds;
        var isPlatform = caller is { AccessKeyId.Length: 0 };
        var isChained = caller?.SessionName is not null;
        if (!isPlatform && isChained && seconds > ChainedSeconds)
        {
            throw StsFaults.Validation(
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.");
        }
        return isPlatform || seconds <= roleMaximum
            ? TimeSpan.FromSeconds(seconds)
            : throw StsFaults.Validation("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
    }

    public static int? PackedPolicySize(string? policy, IReadOnlyDictionary<string, string> tags)
    {
        var length = (policy?.Length ?? 0) + tags.Sum(t => t.Key.Length + t.Value.Length);
        return length == 0 ? null : Math.Max(1, length * 100 / (2 * MaximumPolicyLength));
    }

    private static void CheckRole(string arn)
    {
        if (arn.Length is < 20 or > 2048)
        {
            throw StsFaults.Constraint("roleArn", arn, "Member must have length greater than or equal to 20");
        }
        if (!Arn.TryParse(arn, out _))
        {
            throw StsFaults.Validation($"{arn} is invalid");
        }
    }

    private static void CheckName(string member, string value, int longest = 64)
    {
        if (value.Length < 2)
        {
            throw StsFaults.Constraint(member, value, "Member must have length greater than or equal to 2");
        }
        if (value.Length > longest)
        {
            throw StsFaults.Constraint(member, value, $"Member must have length less than or equal to {longest}");
        }
        if (!value.All(c => char.IsAsciiLetterOrDigit(c) || "_+=,.@-".Contains(c, StringComparison.Ordinal)))
        {
            throw StsFaults.Constraint(member, value, @"Member must satisfy regular expression pattern: [\w+=,.@-]*");
        }
    }

    private static void CheckPolicies(string? policy, List<PolicyDescriptorType>? arns)
    {
        if (policy is { Length: > MaximumPolicyLength })
        {
            throw new PackedPolicyTooLargeException($"The session policy may not be longer than {MaximumPolicyLength} characters.");
        }
        if (policy is not null && PolicyReader.TryRead(policy, PolicyUse.Identity, out var fault) is null)
        {
            throw new MalformedPolicyDocumentException(fault);
        }
        if (arns?.Count > MaximumPolicyArns)
        {
            throw StsFaults.Validation($"A session may not have more than {MaximumPolicyArns} policy ARNs.");
        }
        if (arns?.FirstOrDefault(a => !Arn.TryParse(a.Arn, out _)) is { } wrong)
        {
            throw StsFaults.Validation($"{wrong.Arn} is invalid");
        }
    }

    private static void CheckTags(List<Tag>? tags)
    {
        if (tags?.DistinctBy(t => t.Key, StringComparer.OrdinalIgnoreCase).Count() < tags?.Count)
        {
            throw new Api.Shapes.AwsError("InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.");
        }
        CheckTags(tags?.ToDictionary(t => t.Key ?? "", t => t.Value ?? "") ?? []);
    }

    public static void CheckTags(Dictionary<string, string> tags)
    {
        if (tags.Count > MaximumTags)
        {
            throw StsFaults.Constraint("tags", $"[{tags.Count} items]", $"Member must have length less than or equal to {MaximumTags}");
        }
        if (tags.Any(t => t.Key is not { Length: >= 1 and <= 128 } || t.Value.Length > 256))
        {
            throw StsFaults.Validation("A session tag has a key of 1 to 128 and a value of at most 256 characters.");
        }
        if (tags.Keys.FirstOrDefault(key => key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase)) is { } reserved)
        {
            throw StsFaults.Validation($"{reserved} is a reserved tag key: it starts with aws:");
        }
    }
}
