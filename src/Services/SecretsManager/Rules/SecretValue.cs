using System.Security.Cryptography;
using System.Text;

namespace Longspan.Services.SecretsManager.Rules;

/// <summary>A value in clear, as short-lived as the request that brings or wants it.</summary>
internal sealed class SecretValue
{
    private readonly byte[] _bytes;

    public SecretValue(string text) => (_bytes, IsText) = (Encoding.UTF8.GetBytes(text), true);

    public SecretValue(byte[] bytes, bool isText) => (_bytes, IsText) = (bytes, isText);

    public bool IsText { get; }
    public ReadOnlySpan<byte> Bytes => _bytes;
    public string? Text => IsText ? Encoding.UTF8.GetString(_bytes) : null;
    // A bare null would be a null array, which converts to an empty memory that is there.
    public ReadOnlyMemory<byte>? Binary => IsText ? default(ReadOnlyMemory<byte>?) : _bytes;

    public bool IsSameAs(SecretValue other) => IsText == other.IsText && CryptographicOperations.FixedTimeEquals(_bytes, other._bytes);
}
