using Longspan.Store.Documents;

namespace Longspan.Services.Sqs.Documents;

/// <summary>
/// A data key for message payloads, under its id in eight hex digits. The body is sealed with the data folder's key. Made once and never changed
/// or removed: redriven messages start their age anew, so no age of a key proves that nothing sealed with it is left.
/// </summary>
/// <param name="CreatedAt">Unix milliseconds.</param>
public sealed record MessageKeyDocument(byte[] Key, long CreatedAt)
{
    /// <summary>One set of keys for all accounts and regions of the server.</summary>
    public const string Scope = "server";

    public static DocumentKind<MessageKeyDocument> Kind { get; } = new()
    {
        Name = "sqs-message-key",
        Json = SqsJson.Default.MessageKeyDocument,
        Secret = true,
    };

    public override string ToString() => $"key of {CreatedAt}";
}
