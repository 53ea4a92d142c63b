using System.Globalization;
using Longspan.Api.Kms;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Policies;
using Longspan.Services.Kms.Documents;

namespace Longspan.Services.Kms.Rules;

/// <summary>
/// What operations ask of the policies. A key's own policy must agree; grants are statements added to it, each only when it permits this
/// very request. Nothing is made here: an AWS-managed key that is not there yet is asked about as it would be.
/// </summary>
internal static class KeyDemands
{
    private const string Yes = "true";

    /// <summary>One question about one key.</summary>
    public static async ValueTask<IReadOnlyList<AccessDemand>> AskAsync(KmsContext cx, KeyQuestion question, CancellationToken stop) =>
        [await DemandAsync(cx, question, stop)];

    /// <summary>The key is the one that the request names, else the one that the ciphertext names.</summary>
    public static async ValueTask<IReadOnlyList<AccessDemand>> DecryptAsync(KmsContext cx, DecryptRequest request, CancellationToken stop) =>
        // What is not a ciphertext is refused for that, and there is no key to ask about.
        KeyOf(request.KeyId, request.CiphertextBlob) is { } keyId
            ? [await DemandAsync(cx, new KeyQuestion("Decrypt", keyId) { Context = request.EncryptionContext }, stop)]
            : [];

    public static async ValueTask<IReadOnlyList<AccessDemand>> ReEncryptAsync(KmsContext cx, ReEncryptRequest request, CancellationToken stop)
    {
        var to = new KeyQuestion("ReEncryptTo", request.DestinationKeyId) { Context = request.DestinationEncryptionContext };
        if (KeyOf(request.SourceKeyId, request.CiphertextBlob) is not { } source)
        {
            return [await DemandAsync(cx, to, stop)];
        }
        var from = new KeyQuestion("ReEncryptFrom", source) { Context = request.SourceEncryptionContext };
        return [await DemandAsync(cx, from, stop), await DemandAsync(cx, to, stop)];
    }

    public static async ValueTask<IReadOnlyList<AccessDemand>> CreateGrantAsync(KmsContext cx, CreateGrantRequest request, CancellationToken stop)
    {
        var question = new KeyQuestion("CreateGrant", request.KeyId)
        {
            Grant = request,
            Context = request.Constraints?.EncryptionContextEquals ?? request.Constraints?.EncryptionContextSubset,
            Keys = new Dictionary<string, IReadOnlyList<string>>
            {
                ["kms:GrantOperations"] = request.Operations ?? [],
                ["kms:GrantIsForAWSResource"] = [cx.Call.ViaService is null ? "false" : Yes],
                ["kms:GranteePrincipal"] = Values(request.GranteePrincipal),
                ["kms:GranteeServicePrincipal"] = Values(request.GranteeServicePrincipal),
                ["kms:RetiringPrincipal"] = Values(request.RetiringPrincipal),
                ["kms:RetiringServicePrincipal"] = Values(request.RetiringServicePrincipal),
                ["kms:GrantConstraintType"] = Values(
                    request.Constraints?.EncryptionContextEquals is null ? null : "EncryptionContextEquals",
                    request.Constraints?.EncryptionContextSubset is null ? null : "EncryptionContextSubset"),
            },
        };
        return [await DemandAsync(cx, question, stop)];
    }

    /// <summary>A grant may be retired by its retiring principal, and by its grantee when it says so; whatever the key's policy.</summary>
    public static async ValueTask<IReadOnlyList<AccessDemand>> RetireGrantAsync(KmsContext cx, RetireGrantRequest request, CancellationToken stop)
    {
        var name = Grants.Named(cx, request);
        var grant = await cx.Documents.GetAsync(KmsKinds.Grants, cx.Call.Scope, name, stop);
        var keyId = name[..name.IndexOf(':', StringComparison.Ordinal)];
        var demand = await DemandAsync(cx, new KeyQuestion("RetireGrant", keyId) { Retired = grant?.Value.GrantId ?? "" }, stop);
        if (grant?.Value is { Retiring: { } retiring } && demand.ResourcePolicy is { } policy)
        {
            demand = demand with { ResourcePolicy = Allow(policy, "RetireGrant", retiring, grant.Value.IsRetiringService) };
        }
        return [demand];
    }

    /// <summary>An alias and every key that it points to before or after.</summary>
    public static async ValueTask<IReadOnlyList<AccessDemand>> AliasAsync(
        KmsContext cx, string action, string? alias, string? target, CancellationToken stop)
    {
        List<AccessDemand> demands = [new AccessDemand("kms:" + action, cx.ArnOf(alias ?? "*"))];
        if (alias is not null && await cx.Documents.GetAsync(KmsKinds.Aliases, cx.Call.Scope, alias, stop) is { } present)
        {
            demands.Add(await DemandAsync(cx, new KeyQuestion(action, present.Value.KeyId), stop));
        }
        if (target is not null)
        {
            demands.Add(await DemandAsync(cx, new KeyQuestion(action, target), stop));
        }
        return demands;
    }

    /// <summary>Tags as the demands of other operations carry them.</summary>
    public static Dictionary<string, string> RequestTags(IEnumerable<Tag>? tags)
    {
        var read = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var tag in tags ?? [])
        {
            read[tag.TagKey ?? ""] = tag.TagValue ?? "";
        }
        return read;
    }

    public static IReadOnlyDictionary<string, IReadOnlyList<string>> KeyOf(string name, int? value) =>
        new Dictionary<string, IReadOnlyList<string>> { [name] = Values(value?.ToString(CultureInfo.InvariantCulture)) };

    public static IReadOnlyDictionary<string, IReadOnlyList<string>> KeyOf(string name, bool? value) =>
        new Dictionary<string, IReadOnlyList<string>> { [name] = [value == true ? Yes : "false"] };

    private static string? KeyOf(string? keyId, ReadOnlyMemory<byte>? blob) =>
        keyId ?? (blob is { } bytes ? Ciphertext.TryReadOrigin(bytes.Span)?.KeyId : null);

    private static async ValueTask<AccessDemand> DemandAsync(KmsContext cx, KeyQuestion question, CancellationToken stop)
    {
        var action = "kms:" + question.Action;
        var reference = KeyReference.Read(cx.Call, question.KeyId);
        var key = (await Keys.FindAsync(cx, reference, stop))?.Value
            ?? (ManagedKeys.ServiceOf(reference.Alias) is { } service ? ManagedKeys.Document(cx.Call, service, Guid.Empty.ToString(), "") : null);
        if (key is null)
        {
            // Whoever may do this to such a key is told that there is none.
            return new AccessDemand(action, cx.ArnOf(reference.Alias ?? "key/" + reference.KeyId));
        }
        var policy = KeyPolicies.Read(key.Policy);
        if (Grants.IsGrantable(question.Action))
        {
            foreach (var grant in await Grants.OfKeyAsync(cx, key.KeyId, stop))
            {
                if (Permits(grant.Value, question))
                {
                    policy = Allow(policy, question.Action, grant.Value.Grantee, grant.Value.IsGranteeService);
                }
            }
        }
        return new AccessDemand(action, cx.KeyArn(key.KeyId))
        {
            Keys = await KeysAsync(cx, key, question, reference, stop),
            RequestTags = question.RequestTags,
            ResourceTags = key.Tags,
            ResourcePolicy = policy,
            IsResourcePolicyRequired = true,
        };
    }

    private static bool Permits(GrantDocument grant, KeyQuestion question) => question switch
    {
        { Grant: { } further } => Grants.PermitsGrant(grant, further),
        { Retired: { } retired } => grant.GrantId == retired && Grants.Permits(grant, question.Action, null),
        _ => Grants.Permits(grant, question.Action, question.Context),
    };

    private static Policy Allow(Policy policy, string action, string principal, bool isService) => policy with
    {
        Statements =
        [
            .. policy.Statements,
            new PolicyStatement
            {
                IsAllow = true,
                Principals = new PolicyPrincipals(false, new Dictionary<string, IReadOnlyList<string>> { [isService ? "Service" : "AWS"] = [principal] }),
                Actions = ["kms:" + action],
                Resources = ["*"],
            },
        ],
    };

    private static async ValueTask<Dictionary<string, IReadOnlyList<string>>> KeysAsync(
        KmsContext cx, KeyDocument key, KeyQuestion question, KeyReference reference, CancellationToken stop)
    {
        var keys = new Dictionary<string, IReadOnlyList<string>>(question.Keys, StringComparer.OrdinalIgnoreCase)
        {
            ["kms:CallerAccount"] = [cx.Call.AccountId],
            ["kms:KeySpec"] = [Keys.DefaultSpec],
            ["kms:KeyUsage"] = ["ENCRYPT_DECRYPT"],
            ["kms:KeyOrigin"] = ["AWS_KMS"],
            ["kms:MultiRegion"] = ["false"],
            ["kms:ResourceAliases"] = [.. (await Aliases.OfKeyAsync(cx, key.KeyId, stop)).Select(alias => alias.Value.Name)],
            ["kms:ViaService"] = Values(cx.Call.ViaService),
            ["kms:RequestAlias"] = Values(reference.Alias),
        };
        if (question.Context is { Count: > 0 } context)
        {
            keys["kms:EncryptionContextKeys"] = [.. context.Keys];
            foreach (var (name, value) in context)
            {
                keys["kms:EncryptionContext:" + name] = [value];
            }
        }
        // A key without a value is one that the request does not have.
        return keys.Where(pair => pair.Value.Count > 0).ToDictionary(StringComparer.OrdinalIgnoreCase);
    }

    private static string[] Values(params string?[] values) => [.. values.OfType<string>()];
}

/// <summary>May the caller do this with this key?</summary>
/// <param name="Action">Without its prefix.</param>
/// <param name="KeyId">As the request spells it.</param>
internal sealed record KeyQuestion(string Action, string? KeyId)
{
    private static readonly Dictionary<string, IReadOnlyList<string>> s_none = [];

    public IReadOnlyDictionary<string, string>? Context { get; init; }
    public IReadOnlyDictionary<string, string>? RequestTags { get; init; }
    /// <summary>Condition keys of this operation alone.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Keys { get; init; } = s_none;
    /// <summary>The grant that is to be made.</summary>
    public CreateGrantRequest? Grant { get; init; }
    /// <summary>The id of the grant that is to be retired.</summary>
    public string? Retired { get; init; }
}
