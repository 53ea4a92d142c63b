using System.Buffers;
using Longspan.Api.Shapes;
using Longspan.Api.Sqs;

namespace Longspan.Services.Sqs.Rules;

/// <summary>What holds for every batch request, and the spelling of a failed entry.</summary>
internal static class Batch
{
    public const int Most = 10;
    private const int LongestId = 80;

    private static readonly SearchValues<char> LegalId =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    public static void Check<T>(IReadOnlyList<T>? entries, Func<T, string?> id)
    {
        if (entries is null || entries.Count == 0)
        {
            throw new EmptyBatchRequest($"There should be at least one {typeof(T).Name} in the request.");
        }
        if (entries.Count > Most)
        {
            throw new TooManyEntriesInBatchRequest($"Maximum number of entries per request are {Most}. You have sent {entries.Count}.");
        }
        for (var i = 0; i < entries.Count; i++)
        {
            var text = id(entries[i]);
            if (text is null || text.Length is 0 or > LongestId || text.AsSpan().ContainsAnyExcept(LegalId))
            {
                throw new InvalidBatchEntryId(
                    "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.");
            }
            for (var j = 0; j < i; j++)
            {
                if (id(entries[j]) == text)
                {
                    throw new BatchEntryIdsNotDistinct($"Id {text} repeated.");
                }
            }
        }
    }

    /// <summary>
    /// AWS leaves an empty list of a batch's answer out, although its model requires both: clients ask whether the list is there
    /// to learn whether anything failed.
    /// </summary>
    public static List<T>? Some<T>(List<T> entries) => entries.Count == 0 ? null : entries;

    public static BatchResultErrorEntry Failed(string? id, AwsError error) => new()
    {
        Id = id,
        Code = error.QueryCode ?? error.Code,
        Message = error.Message,
        SenderFault = !error.IsServerFault,
    };
}
