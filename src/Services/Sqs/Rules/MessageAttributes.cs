using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Longspan.Api.Sqs;

namespace Longspan.Services.Sqs.Rules;

/// <summary>One attribute of a message, checked. Exactly one of the values is set.</summary>
internal readonly record struct MessageAttribute(string Name, string Type, string? Text, ReadOnlyMemory<byte> Binary)
{
    public bool IsBinary => Text is null;
    public int Bytes => Encoding.UTF8.GetByteCount(Name) + Encoding.UTF8.GetByteCount(Type) + (IsBinary ? Binary.Length : Encoding.UTF8.GetByteCount(Text!));
}

/// <summary>The user's attributes of a message: what is allowed, and the digest by which clients check them.</summary>
internal static class MessageAttributes
{
    public const int Most = 10;
    private const int LongestName = 256;
    private const int LongestNumber = 38;

    private static readonly SearchValues<char> LegalName =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    /// <summary>Checks them and puts them into name order, which is the digest's.</summary>
    public static IReadOnlyList<MessageAttribute> Check(IReadOnlyDictionary<string, MessageAttributeValue>? given)
    {
        if (given is null || given.Count == 0)
        {
            return [];
        }
        if (given.Count > Most)
        {
            throw SqsFaults.InvalidParameter($"Number of message attributes [{given.Count}] exceeds the allowed maximum [{Most}].");
        }
        var attributes = new List<MessageAttribute>(given.Count);
        foreach (var (name, value) in given)
        {
            CheckName(name);
            attributes.Add(CheckValue(name, value.DataType, value.StringValue, value.BinaryValue));
        }
        attributes.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return attributes;
    }

    /// <summary>The only attribute that AWS lets a sender set: the trace header.</summary>
    public static string? CheckSystem(IReadOnlyDictionary<string, MessageSystemAttributeValue>? given)
    {
        string? trace = null;
        foreach (var (name, value) in given ?? new Dictionary<string, MessageSystemAttributeValue>())
        {
            if (name != "AWSTraceHeader")
            {
                throw SqsFaults.InvalidParameter($"Message system attribute name '{name}' is invalid.");
            }
            if (value.DataType != "String" || string.IsNullOrEmpty(value.StringValue))
            {
                throw SqsFaults.InvalidParameter($"The message system attribute '{name}' must contain a non-empty value of type 'String'.");
            }
            trace = value.StringValue;
        }
        return trace;
    }

    /// <summary>MD5 over length-prefixed names, types and values in name order, as clients recompute it.</summary>
    public static void Digest(IReadOnlyList<MessageAttribute> attributes, Span<byte> digest)
    {
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        foreach (var attribute in attributes)
        {
            Append(md5, Encoding.UTF8.GetBytes(attribute.Name));
            Append(md5, Encoding.UTF8.GetBytes(attribute.Type));
            md5.AppendData(attribute.IsBinary ? [2] : [1]);
            Append(md5, attribute.IsBinary ? attribute.Binary.Span : Encoding.UTF8.GetBytes(attribute.Text!));
        }
        md5.GetHashAndReset(digest);
    }

    public static string DigestHex(IReadOnlyList<MessageAttribute> attributes)
    {
        Span<byte> digest = stackalloc byte[16];
        Digest(attributes, digest);
        return Convert.ToHexStringLower(digest);
    }

    private static void Append(IncrementalHash md5, ReadOnlySpan<byte> bytes)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
        md5.AppendData(length);
        md5.AppendData(bytes);
    }

    private static void CheckName(string name)
    {
        var lower = name.ToLowerInvariant();
        if (name.Length is 0 or > LongestName || name.AsSpan().ContainsAnyExcept(LegalName) || name[0] == '.' || name[^1] == '.'
            || name.Contains("..", StringComparison.Ordinal) || lower.StartsWith("aws.", StringComparison.Ordinal)
            || lower.StartsWith("amazon.", StringComparison.Ordinal))
        {
            throw SqsFaults.InvalidParameter($"Message (user) attribute name '{name}' is invalid.");
        }
    }

    private static MessageAttribute CheckValue(string name, string? type, string? text, ReadOnlyMemory<byte>? binary)
    {
        if (string.IsNullOrEmpty(type))
        {
            throw SqsFaults.InvalidParameter($"The message attribute '{name}' must contain non-empty message attribute type.");
        }
        var kind = type.Split('.', 2)[0];
        if (kind is not ("String" or "Number" or "Binary") || type.Length > LongestName)
        {
            throw SqsFaults.InvalidParameter(
                $"The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.");
        }
        if (kind == "Binary" ? binary is not { Length: > 0 } : string.IsNullOrEmpty(text))
        {
            throw SqsFaults.InvalidParameter($"Message (user) attribute '{name}' must contain a non-empty value of type '{kind}'.");
        }
        if (kind == "Binary")
        {
            return new MessageAttribute(name, type, null, binary!.Value);
        }
        if (kind == "Number" && !IsNumber(text!))
        {
            throw SqsFaults.InvalidParameter($"Can't cast the value of message (user) attribute '{name}' to a number.");
        }
        if (!MessageText.IsLegal(text!))
        {
            throw MessageText.Illegal();
        }
        return new MessageAttribute(name, type, text, default);
    }

    /// <summary>Up to 38 digits with sign, fraction and exponent; wider than any .NET number, so looked at as text.</summary>
    private static bool IsNumber(string text)
    {
        var rest = text.AsSpan().Trim();
        rest = rest is ['+' or '-', ..] ? rest[1..] : rest;
        var exponent = rest.IndexOfAny('e', 'E');
        if (exponent >= 0)
        {
            var power = rest[(exponent + 1)..];
            power = power is ['+' or '-', ..] ? power[1..] : power;
            if (power.Length is 0 or > 3 || power.ContainsAnyExceptInRange('0', '9'))
            {
                return false;
            }
            rest = rest[..exponent];
        }
        var point = rest.IndexOf('.');
        var whole = point < 0 ? rest : rest[..point];
        var fraction = point < 0 ? default : rest[(point + 1)..];
        return whole.Length + fraction.Length is > 0 and <= LongestNumber
            && !whole.ContainsAnyExceptInRange('0', '9') && !fraction.ContainsAnyExceptInRange('0', '9');
    }
}
