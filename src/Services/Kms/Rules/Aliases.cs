using Longspan.Api.Kms;
using Longspan.Api.Shapes;
using Longspan.Services.Kms.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Kms.Rules;

internal static class Aliases
{
    public const string Prefix = "alias/";
    public const string ManagedPrefix = "alias/aws/";
    public const int MaximumOfKey = 50;
    private const int MaximumLength = 256;

    /// <summary>The name of an alias that is created, changed or deleted; those of AWS-managed keys are not the account's.</summary>
    public static string Check(string? name)
    {
        if (name is not { Length: >= 1 and <= MaximumLength })
        {
            throw KmsFaults.Constraint("aliasName", name, $"Member must have length between 1 and {MaximumLength}, inclusive");
        }
        if (!name.StartsWith(Prefix, StringComparison.Ordinal) || name.Length == Prefix.Length)
        {
            throw new InvalidAliasNameException("Alias must start with the prefix \"alias/\".");
        }
        if (name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('/' or '_' or '-')))
        {
            throw KmsFaults.Constraint("aliasName", name, "Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$");
        }
        return name.StartsWith(ManagedPrefix, StringComparison.Ordinal)
            ? throw new AwsError("NotAuthorizedException", "Aliases that start with alias/aws/ are reserved for AWS-managed keys.")
            : name;
    }

    /// <summary>The key that an alias may point to: one of the account's that is not going away, with room for a further alias.</summary>
    public static async ValueTask<Document<KeyDocument>> RequireTargetAsync(KmsContext cx, string? keyId, CancellationToken stop)
    {
        var key = await Keys.RequireByIdAsync(cx, keyId, stop);
        Keys.CheckCustomerManaged(cx, key.Value, "CreateAlias");
        Keys.CheckNotPending(cx, key.Value);
        return (await OfKeyAsync(cx, key.Value.KeyId, stop)).Count < MaximumOfKey
            ? key
            : throw new LimitExceededException($"A key may not have more than {MaximumOfKey} aliases.");
    }

    public static ValueTask<IReadOnlyList<Document<AliasDocument>>> OfKeyAsync(KmsContext cx, string keyId, CancellationToken stop) =>
        cx.Documents.ListByIndexAsync(KmsKinds.Aliases, cx.Call.Scope, KmsKinds.KeyIndex, keyId, stop);
}
