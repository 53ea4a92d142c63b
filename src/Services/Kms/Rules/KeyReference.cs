using Longspan.Api.Kms;
using Longspan.Kernel;

namespace Longspan.Services.Kms.Rules;

/// <summary>A <c>KeyId</c> as requests spell it: a key's id or ARN, or an alias' name or ARN. One of the two is set.</summary>
internal sealed record KeyReference(string? KeyId, string? Alias)
{
    private const int MaximumLength = 2048;

    public static KeyReference Read(CallContext call, string? text)
    {
        if (text is not { Length: >= 1 and <= MaximumLength })
        {
            throw KmsFaults.Constraint("keyId", $"Member must have length between 1 and {MaximumLength}, inclusive");
        }
        if (!text.StartsWith("arn:", StringComparison.Ordinal))
        {
            return OfResource(text.StartsWith(Aliases.Prefix, StringComparison.Ordinal) ? text : "key/" + text, text);
        }
        if (!Arn.TryParse(text, out var arn) || arn.Service != "kms")
        {
            throw new InvalidArnException($"Invalid arn {text}");
        }
        if (arn.Region != call.Region)
        {
            throw new NotFoundException($"Invalid arn {arn.Region}");
        }
        return arn.AccountId == call.AccountId ? OfResource(arn.Resource, text) : throw KmsFaults.NoSuchKey(text);
    }

    /// <summary>For operations that take no alias.</summary>
    public static string ReadKeyId(CallContext call, string? text) => Read(call, text).KeyId ?? throw KmsFaults.InvalidKeyId(text!);

    private static KeyReference OfResource(string resource, string text)
    {
        if (resource.StartsWith(Aliases.Prefix, StringComparison.Ordinal))
        {
            return new KeyReference(null, resource);
        }
        return resource.StartsWith("key/", StringComparison.Ordinal) && Guid.TryParseExact(resource.AsSpan(4), "D", out var id)
            ? new KeyReference(id.ToString(), null)
            : throw KmsFaults.InvalidKeyId(text);
    }
}
