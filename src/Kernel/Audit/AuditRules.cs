using System.Collections.Frozen;
using Longspan.Api.Shapes;

namespace Longspan.Kernel.Audit;

/// <summary>
/// Which calls the audit trail keeps: all that change something, all that hand out credentials or secrets, every denial, and every call with
/// an offline session. Other calls of the <see cref="DataPlane"/> are kept when they are denied.
/// </summary>
public static class AuditRules
{
    private static readonly string[] s_reading =
    [
        "BatchCheck", "BatchGet", "Check", "Count", "Decode", "Describe", "Discover", "Estimate", "Filter", "Get", "Head", "List", "Lookup", "Peek",
        "Poll", "Preview", "Search", "Simulate", "Test", "Validate", "Verify", "Watch",
    ];

    /// <summary>Use of a key changes nothing, whatever the operation's name sounds like; AWS marks these as reading too.</summary>
    private static readonly FrozenSet<string> s_readingByName = FrozenSet.Create(
        "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair", "kms:GenerateDataKeyPairWithoutPlaintext",
        "kms:GenerateDataKeyWithoutPlaintext", "kms:GenerateMac", "kms:GenerateRandom", "kms:ReEncrypt", "kms:Sign", "iam:GenerateCredentialReport",
        "sts:AssumeRole", "sts:AssumeRoleWithWebIdentity");

    private static readonly FrozenSet<string> s_sessions = FrozenSet.Create(
        "sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:GetFederationToken", "sts:GetSessionToken");

    private static readonly FrozenSet<string> s_revealing = FrozenSet.Create(
        [.. s_sessions, "secretsmanager:BatchGetSecretValue", "secretsmanager:GetSecretValue"]);

    private static readonly FrozenSet<string> s_shownOfSessions = FrozenSet.Create(
        "AccessKeyId", "Arn", "AssumedRoleId", "AssumedRoleUser", "Audience", "Credentials", "Expiration", "FederatedUser", "FederatedUserId",
        "PackedPolicySize", "Provider", "SourceIdentity", "SubjectFromWebIdentityToken");

    private static readonly FrozenSet<string> s_denials = FrozenSet.Create("AccessDenied", "AccessDeniedException", "UnauthorizedOperation");

    public static bool IsReadOnly(Operation operation) =>
        s_readingByName.Contains(KeyOf(operation)) || s_reading.Any(verb => operation.Name.StartsWith(verb, StringComparison.Ordinal));

    public static bool IsDenial(AwsError error) => s_denials.Contains(error.Code);

    /// <summary>
    /// Whether calls of this operation are kept when they succeed, or fail for another reason than a denial. Asked once for each operation, at start.
    /// </summary>
    public static bool IsKept(Operation operation)
    {
        var key = KeyOf(operation);
        return s_revealing.Contains(key) || !(IsReadOnly(operation) || DataPlane.Has(operation));
    }

    /// <summary>
    /// The platform's own hand, and services that take on a task's role, act for each task of each node: what they do follows from
    /// calls that were kept already. Of callers without a key only those are kept for whom an identity provider has vouched by then, or who have shown
    /// an activation's code: before that there is nobody to name, and strangers could fill the trail with tokens of their own making.
    /// <see cref="AuditTrail.RefusedLoginsPerHour"/> bounds the rest.
    /// </summary>
    public static bool IsKeptFor(CallContext call) =>
        call.Caller.ServicePrincipal is null && (call.Caller.AccessKeyId.Length > 0 || call.WebIdentityUser is not null || call.ActivationId is not null);

    /// <summary>
    /// Calls with an offline session are kept whatever they are. Those that are kept for nothing else are shown without what
    /// was sent and answered, which may be a sealed queue's messages.
    /// </summary>
    public static bool IsShown(AuditedCall audited) =>
        audited.Call.Caller.Offline is null || IsKept(audited.Operation) || (audited.Error is { } error && IsDenial(error));

    /// <summary>
    /// What is shown of an answer, where that is not everything; null for everything. As on AWS, what a reading call returned is nobody's business
    /// here. But who was given which keys is the only link between people and what the sessions they open do, so the answers that hand out sessions
    /// are shown as far as these members go: no secret or token is among them, whatever else the answers will hold.
    /// </summary>
    public static FrozenSet<string>? ShownOfAnswer(Operation operation) =>
        s_sessions.Contains(KeyOf(operation)) ? s_shownOfSessions : IsReadOnly(operation) ? FrozenSet<string>.Empty : null;

    private static string KeyOf(Operation operation) => $"{operation.Service.IamPrefix}:{operation.Name}";
}
