using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Longspan.Api.Iam;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam;

internal static class Shapes
{
    private const string NotAvailable = "N/A";
    private static readonly TimeSpan s_roleTracking = TimeSpan.FromDays(400);
    private static readonly DateTimeOffset s_managedSince = new(2015, 2, 6, 18, 40, 0, TimeSpan.Zero);

    /// <summary>Policy text goes out percent-encoded, as IAM's clients expect.</summary>
    public static string Encoded(string policy) => Uri.EscapeDataString(policy);

    public static User ToShape(this UserDocument user, string accountId, bool whole = true) => new()
    {
        UserName = user.UserName,
        UserId = user.UserId,
        Path = user.Path,
        Arn = user.ArnIn(accountId),
        CreateDate = user.CreatedAt,
        PermissionsBoundary = whole ? Boundary(user.PermissionsBoundaryArn) : null,
        Tags = whole ? IamTags.ToShape(user.Tags) : null,
    };

    /// <param name="whole">Lists leave out tags and boundary, as IAM's do.</param>
    /// <param name="use">Its last use, where that is told.</param>
    public static Role ToShape(this RoleDocument role, string accountId, bool whole = true, RoleLastUsed? use = null) => new()
    {
        RoleName = role.RoleName,
        RoleId = role.RoleId,
        Path = role.Path,
        Arn = role.ArnIn(accountId),
        CreateDate = role.CreatedAt,
        AssumeRolePolicyDocument = Encoded(role.TrustPolicy),
        Description = role.Description,
        MaxSessionDuration = role.MaximumSessionSeconds,
        PermissionsBoundary = whole ? Boundary(role.PermissionsBoundaryArn) : null,
        Tags = whole ? IamTags.ToShape(role.Tags) : null,
        RoleLastUsed = whole ? use ?? new RoleLastUsed() : null,
    };

    public static AccessKeyLastUsed ToKeyShape(this LastUse? use) =>
        new() { LastUsedDate = use?.At, ServiceName = use?.Service ?? NotAvailable, Region = use?.Region ?? NotAvailable };

    /// <summary>IAM tells of the trailing 400 days only.</summary>
    public static RoleLastUsed ToRoleShape(this LastUse? use, DateTimeOffset now) =>
        use is null || now - use.At > s_roleTracking ? new() : new() { LastUsedDate = use.At, Region = use.Region };

    public static Group ToShape(this GroupDocument group, string accountId) => new()
    {
        GroupName = group.GroupName,
        GroupId = group.GroupId,
        Path = group.Path,
        Arn = group.ArnIn(accountId),
        CreateDate = group.CreatedAt,
    };

    public static InstanceProfile ToShape(this InstanceProfileDocument profile, string accountId, RoleDocument? role, bool whole = true) => new()
    {
        InstanceProfileName = profile.InstanceProfileName,
        InstanceProfileId = profile.InstanceProfileId,
        Path = profile.Path,
        Arn = profile.ArnIn(accountId),
        CreateDate = profile.CreatedAt,
        Roles = role is null ? [] : [role.ToShape(accountId, whole: false)],
        Tags = whole ? IamTags.ToShape(profile.Tags) : null,
    };

    /// <param name="bounded">How many users and roles have it as their boundary.</param>
    public static Policy ToShape(this PolicyDocument policy, string accountId, int bounded, bool whole = true) => new()
    {
        PolicyName = policy.PolicyName,
        PolicyId = policy.PolicyId,
        Path = policy.Path,
        Arn = policy.ArnIn(accountId),
        DefaultVersionId = policy.DefaultVersionId,
        AttachmentCount = policy.AttachmentCount,
        PermissionsBoundaryUsageCount = bounded,
        IsAttachable = true,
        Description = whole ? policy.Description : null,
        CreateDate = policy.CreatedAt,
        UpdateDate = policy.UpdatedAt,
        Tags = whole ? IamTags.ToShape(policy.Tags) : null,
    };

    public static PolicyVersion ToShape(this PolicyVersionRecord version, string defaultVersionId) => new()
    {
        VersionId = version.VersionId,
        Document = Encoded(version.Text),
        IsDefaultVersion = version.VersionId == defaultVersionId,
        CreateDate = version.CreatedAt,
    };

    /// <summary>An AWS-managed policy; its id is derived from its name, so that it is the same everywhere and always.</summary>
    public static Policy ManagedPolicy(string arn, int attachments)
    {
        _ = Arn.TryParse(arn, out var parsed);
        var digest = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(arn)));
        return new Policy
        {
            PolicyName = parsed!.Name,
            PolicyId = "ANPA" + digest[..17],
            Path = parsed.Resource["policy".Length..^parsed.Name.Length],
            Arn = arn,
            DefaultVersionId = ManagedPolicies.VersionId,
            AttachmentCount = attachments,
            PermissionsBoundaryUsageCount = 0,
            IsAttachable = true,
            CreateDate = s_managedSince,
            UpdateDate = s_managedSince,
        };
    }

    /// <param name="text">Null in lists, which leave it out.</param>
    public static PolicyVersion ManagedPolicyVersion(string? text = null) => new()
    {
        VersionId = ManagedPolicies.VersionId,
        Document = text is null ? null : Encoded(text),
        IsDefaultVersion = true,
        CreateDate = s_managedSince,
    };

    /// <summary>A page of a simulation's results, which are in the order of the request's actions.</summary>
    public static SimulatePolicyResponse ToShape(List<EvaluationResult> results, string? marker, int? maxItems)
    {
        var page = Paging.Cut(results.Select((result, i) => (result, Place: i.ToString("D8", CultureInfo.InvariantCulture))), r => r.Place, marker, maxItems);
        return new SimulatePolicyResponse { EvaluationResults = [.. page.Items.Select(i => i.result)], IsTruncated = page.IsTruncated, Marker = page.Marker };
    }

    public static AttachedPolicy AttachedPolicy(string arn) => new() { PolicyArn = arn, PolicyName = arn[(arn.LastIndexOf('/') + 1)..] };

    public static string StatusOf(AccessKeyDocument key) => key.IsActive ? "Active" : "Inactive";

    public static AttachedPermissionsBoundary? Boundary(string? arn) => arn is null
        ? null
        : new AttachedPermissionsBoundary { PermissionsBoundaryType = "PermissionsBoundaryPolicy", PermissionsBoundaryArn = arn };
}
