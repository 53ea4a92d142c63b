using System.Text.Json.Serialization;
using Longspan.Store.Documents;

namespace Longspan.Services.Sqs.Documents;

/// <summary>
/// A queue as it was defined. Its messages live in the message store under <see cref="Id"/>, which no later queue of the same name shares.
/// </summary>
/// <param name="Attributes">What was set by the owner, in AWS's names and spelling; what is absent has AWS's default.</param>
/// <param name="CreatedAt">Unix seconds, as is <paramref name="ModifiedAt"/>.</param>
public sealed record QueueDocument(
    long Id,
    IReadOnlyDictionary<string, string> Attributes,
    IReadOnlyDictionary<string, string> Tags,
    long CreatedAt,
    long ModifiedAt)
{
    public static DocumentKind<QueueDocument> Kind { get; } = new() { Name = "sqs-queue", Json = SqsJson.Default.QueueDocument };

    public QueueDocument WithAttributes(IReadOnlyDictionary<string, string> attributes, DateTimeOffset now) =>
        this with { Attributes = attributes, ModifiedAt = now.ToUnixTimeSeconds() };

    public QueueDocument WithTags(IReadOnlyDictionary<string, string> tags) => this with { Tags = tags };
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(QueueDocument))]
[JsonSerializable(typeof(MoveTaskDocument))]
[JsonSerializable(typeof(MessageKeyDocument))]
internal sealed partial class SqsJson : JsonSerializerContext;
