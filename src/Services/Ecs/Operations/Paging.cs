using Longspan.Api.Ecs;
using Longspan.Kernel;
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

    /// <summary>Documents that the filter lets through, read in chunks, so that a selective filter does not hold the whole scope.</summary>
    public static async ValueTask<(List<Document<T>> Page, string? NextToken)> ReadAsync<T>(
        Func<string?, int, ValueTask<IReadOnlyList<Document<T>>>> read, Func<T, bool> filter, int? maxResults, string? token,
        int unasked = MaximumPage) where T : class
    {
        var size = Size(maxResults, unasked);
        var after = After(token);
        var page = new List<Document<T>>();
        while (true)
        {
            var chunk = await read(after, Chunk);
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
            if (chunk.Count < Chunk)
            {
                return (page, null);
            }
        }
    }
}
