using System.Text;
using Longspan.Api.SecretsManager;

namespace Longspan.Services.SecretsManager.Rules;

/// <summary>A value that a request brings, under the id that its version is to have.</summary>
internal sealed class NewValue
{
    private const int MaximumBytes = 65_536;
    private const int ShortestToken = 32;
    private const int LongestToken = 64;

    private NewValue(string versionId, SecretValue value) => (VersionId, Value) = (versionId, value);

    public string VersionId { get; }
    public SecretValue Value { get; }

    /// <summary>Null when the request brings no value.</summary>
    public static NewValue? Read(string? token, string? text, ReadOnlyMemory<byte>? binary)
    {
        if (text is null && binary is null)
        {
            return null;
        }
        if (text is not null && binary is not null)
        {
            throw new InvalidParameterException("You can't specify both a binary secret value and a string secret value in the same secret.");
        }
        if ((text is null ? binary!.Value.Length : Encoding.UTF8.GetByteCount(text)) is 0 or > MaximumBytes)
        {
            throw SecretsManagerFaults.Constraint(
                text is null ? "secretBinary" : "secretString", null, $"Member must have length between 1 and {MaximumBytes}, inclusive");
        }
        return new NewValue(
            CheckToken(token) ?? throw SecretsManagerFaults.NoToken(),
            text is not null ? new SecretValue(text) : new SecretValue(binary!.Value.ToArray(), isText: false));
    }

    /// <summary>The token becomes the version's id.</summary>
    public static string? CheckToken(string? token) => token is null or { Length: >= ShortestToken and <= LongestToken }
        ? token
        : throw new InvalidParameterException($"ClientRequestToken must be {ShortestToken}-{LongestToken} characters long.");
}
