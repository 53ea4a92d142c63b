using Longspan.Api.Ecs;
using Longspan.Kernel;
using Longspan.Services.Ecs.Mirror;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>The list operations' common part: at most a hundred names a page, and a token that names the last one.</summary>
internal static class Paging
{
    public const int MaximumPage = 100;
    private const int Chunk = 200;

    public static int Size(int? maxResults, int unasked = MaximumPage) => maxResults switch
    {
        null => unasked,
        >= 1 and <= MaximumPage => maxResults.Value,
        _ => throw new InvalidParameterException("Invalid maxResults: must be between 1 and 100."),
    };

    public static string? After(string? token) =>
        PageToken.TryDecode(token, out var after) ? after : throw new InvalidParameterException("Invalid token.");

    /// <summary>A part of what is in memory already, in the order of the names.</summary>
    public static IReadOnlyList<Document<T>> Slice<T>(IReadOnlyList<Document<T>> all, string? after, int limit) where T : class
    {
        var first = all.After(after);
        return [.. Enumerable.Range(first, Math.Min(limit, all.Count - first)).Select(i => all[i])];
    }

    /// <summary>Documents that the filter lets through, read in chunks, so that a selective filter does not hold the whole scope.</summary>
    public static async ValueTask<(List<Document<T>> Page, string? NextToken)> ReadAsync<T>(
        Func<string?, int, ValueTask<IReadOnlyList<Document<T>>>> read, Func<T, bool> filter, int? maxResults, string? token,
        int unasked = MaximumPage) where T : class
    {
        var size = Size(maxResults, unasked);
        var after = After(token);
        var page = new List<Document<T>>();
        // One more than the page tells whether there is another one, if the filter lets all of them through.
        for (var limit = size + 1; ; limit = Chunk)
        {
            var chunk = await read(after, limit);
            foreach (var document in chunk)
            {
                if (filter(document.Value))
                {
                    if (page.Count == size)
                    {
                        return (page, PageToken.Encode(page[^1].Key.Name));
                    }
                    page.Add(document);
                }
                after = document.Key.Name;
            }
            if (chunk.Count < limit)
            {
                return (page, null);
            }
        }
    }
}
