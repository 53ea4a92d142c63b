using Longspan.Api.Kms;
using Longspan.Kernel;
using Longspan.Services.Kms.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Kms.Rules;

/// <summary>Grants: what makes a good one, what it permits, and finding them.</summary>
internal static class Grants
{
    /// <summary>So that a key goes in one commit with all that belongs to it.</summary>
    public const int MaximumOfKey = 500;
    private const int MaximumNameLength = 256;
    private const int MaximumPrincipalLength = 256;
    /// <summary>Of a constraint's encryption context.</summary>
    private const int MaximumPairs = 8;
    private const int MaximumContextValue = 384;

    private static readonly HashSet<string> s_operations = new(StringComparer.Ordinal)
    {
        "CreateGrant", "Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo", "RetireGrant",
    };

    public static bool IsGrantable(string operation) => s_operations.Contains(operation);

    /// <summary>The grant that a request asks for; its key is still to be found.</summary>
    public static GrantDocument Read(KmsContext cx, CreateGrantRequest request)
    {
        var operations = CheckOperations(request.Operations ?? []);
        CheckName(request.Name);
        if (request.Constraints?.SourceArn is not null)
        {
            throw KmsFaults.Unsupported("The grant constraint SourceArn");
        }
        CheckContext("constraints.encryptionContextSubset", request.Constraints?.EncryptionContextSubset);
        CheckContext("constraints.encryptionContextEquals", request.Constraints?.EncryptionContextEquals);
        var grantee = Principal(request.GranteePrincipal, request.GranteeServicePrincipal) ?? throw KmsFaults.Validation("A grantee principal is required.");
        var retiring = Principal(request.RetiringPrincipal, request.RetiringServicePrincipal);
        return new GrantDocument
        {
            GrantId = Ids.Hex(64),
            KeyId = "",
            Name = request.Name,
            CreatedAt = cx.Now,
            Grantee = grantee.Name,
            IsGranteeService = grantee.IsService,
            Retiring = retiring?.Name,
            IsRetiringService = retiring?.IsService == true,
            IssuingAccount = cx.Call.AccountId,
            Operations = [.. operations.Distinct(StringComparer.Ordinal)],
            ContextSubset = request.Constraints?.EncryptionContextSubset,
            ContextEquals = request.Constraints?.EncryptionContextEquals,
        };
    }

    /// <summary>A principal given as an ARN or as a service; null when neither is.</summary>
    public static (string Name, bool IsService)? Principal(string? arn, string? service) => (arn, service) switch
    {
        (null, null) => null,
        ({ Length: <= MaximumPrincipalLength }, null) when Arn.TryParse(arn, out var parsed) && parsed.Service is "iam" or "sts" => (arn, false),
        (null, { Length: >= 1 and <= MaximumPrincipalLength }) => (service, true),
        ({ }, null) => throw new InvalidArnException($"ARN does not refer to a valid principal: {arn}"),
        _ => throw KmsFaults.Validation("Specify either a principal or a service principal."),
    };

    /// <summary>Whether the grant permits its grantee this operation with this encryption context.</summary>
    public static bool Permits(GrantDocument grant, string operation, IReadOnlyDictionary<string, string>? context)
    {
        // These two have no context that a constraint could be about.
        var isConstrained = operation is not ("DescribeKey" or "RetireGrant");
        return grant.Operations.Contains(operation, StringComparer.Ordinal)
            && (!isConstrained || grant.ContextSubset is null || Includes(context, grant.ContextSubset))
            && (!isConstrained || grant.ContextEquals is null || AreEqual(context, grant.ContextEquals));
    }

    /// <summary>Whether the grant permits its grantee to pass this further grant on: no more operations, and no looser constraints.</summary>
    public static bool PermitsGrant(GrantDocument grant, CreateGrantRequest request) =>
        grant.Operations.Contains("CreateGrant", StringComparer.Ordinal)
        && (request.Operations ?? []).All(operation => grant.Operations.Contains(operation, StringComparer.Ordinal))
        && (grant.ContextSubset is null
            || Includes(request.Constraints?.EncryptionContextSubset, grant.ContextSubset)
            || Includes(request.Constraints?.EncryptionContextEquals, grant.ContextSubset))
        && (grant.ContextEquals is null || AreEqual(request.Constraints?.EncryptionContextEquals, grant.ContextEquals));

    public static bool IsRepeat(GrantDocument grant, GrantDocument other) =>
        grant.Name is not null && grant.Name == other.Name
        && (grant.Grantee, grant.IsGranteeService, grant.Retiring, grant.IsRetiringService)
            == (other.Grantee, other.IsGranteeService, other.Retiring, other.IsRetiringService)
        && grant.Operations.Order(StringComparer.Ordinal).SequenceEqual(other.Operations.Order(StringComparer.Ordinal))
        && AreEqual(grant.ContextSubset, other.ContextSubset) && AreEqual(grant.ContextEquals, other.ContextEquals);

    public static ValueTask<IReadOnlyList<Document<GrantDocument>>> OfKeyAsync(
        KmsContext cx, string keyId, CancellationToken stop, string? after = null) =>
        cx.Documents.ListAsync(KmsKinds.Grants, cx.Call.Scope, stop, keyId + ":", after);

    /// <summary>The document's name of the grant that is to be retired.</summary>
    public static string Named(KmsContext cx, RetireGrantRequest request) => request switch
    {
        { GrantToken: { } token, KeyId: null, GrantId: null } => GrantTokens.Read(token),
        { GrantToken: null, KeyId: { } keyId, GrantId: { } grantId } => KmsKinds.PartOf(KeyReference.ReadKeyId(cx.Call, keyId), grantId),
        _ => throw KmsFaults.Validation("Specify either a grant token, or a key ARN and a grant ID."),
    };

    public static ValueTask DeleteAsync(KmsContext cx, string name, bool isDryRun, CancellationToken stop) => cx.CommitAsync(
        async () =>
        {
            var grant = await cx.Documents.GetAsync(KmsKinds.Grants, cx.Call.Scope, name, stop)
                ?? throw new NotFoundException($"Grant {name[(name.IndexOf(':', StringComparison.Ordinal) + 1)..]} not found");
            return isDryRun ? throw KmsFaults.DryRun() : new Commit().Delete(grant);
        },
        stop);

    private static List<string> CheckOperations(List<string> operations)
    {
        if (operations.Count == 0)
        {
            throw KmsFaults.Constraint("operations", "[]", "Member must have length greater than or equal to 1");
        }
        return operations.TrueForAll(IsGrantable)
            ? operations
            : throw KmsFaults.Constraint(
                "operations", $"Member must satisfy constraint: [Member must satisfy enum value set: [{string.Join(", ", s_operations)}]]");
    }

    private static void CheckName(string? name)
    {
        if (name?.Length is < 1 or > MaximumNameLength)
        {
            throw KmsFaults.Constraint("name", $"Member must have length between 1 and {MaximumNameLength}, inclusive");
        }
        if (name?.All(c => char.IsAsciiLetterOrDigit(c) || c is ':' or '/' or '_' or '-') == false)
        {
            throw KmsFaults.Constraint("name", name, "Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$");
        }
    }

    private static void CheckContext(string member, IReadOnlyDictionary<string, string>? context)
    {
        if (context?.Count > MaximumPairs)
        {
            throw KmsFaults.Constraint(member, $"Member must have length less than or equal to {MaximumPairs}");
        }
        if (context?.Values.Any(value => value.Length > MaximumContextValue) == true)
        {
            throw KmsFaults.Constraint(member, $"Map value must have length less than or equal to {MaximumContextValue}");
        }
        // What is no encryption context can never match.
        EncryptionContexts.Canonical(context);
    }

    private static bool Includes(IReadOnlyDictionary<string, string>? context, IReadOnlyDictionary<string, string> pairs) =>
        pairs.All(pair => context is not null && context.TryGetValue(pair.Key, out var value) && value == pair.Value);

    private static bool AreEqual(IReadOnlyDictionary<string, string>? one, IReadOnlyDictionary<string, string>? other) =>
        (one?.Count ?? 0) == (other?.Count ?? 0) && (other is null || Includes(one, other));
}
