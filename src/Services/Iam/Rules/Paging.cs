using Longspan.Kernel;

namespace Longspan.Services.Iam.Rules;

/// <summary>IAM's <c>Marker</c> and <c>MaxItems</c> over a list that is already in name order.</summary>
internal static class Paging
{
    private const int DefaultItems = 100;
    private const int LargestPage = 1000;

    /// <param name="nameOf">What the list is ordered by, ordinally.</param>
    public static Page<T> Cut<T>(IEnumerable<T> ordered, Func<T, string> nameOf, string? marker, int? maxItems)
    {
        if (maxItems is < 1 or > LargestPage)
        {
            throw IamFaults.Constraint("maxItems", maxItems, $"Member must have value between 1 and {LargestPage}, inclusive");
        }
        if (!PageToken.TryDecode(marker, out var after))
        {
            throw IamFaults.Validation("Invalid Marker.");
        }
        var size = maxItems ?? DefaultItems;
        List<T> items = [.. ordered.Where(i => after is null || string.CompareOrdinal(nameOf(i), after) > 0).Take(size + 1)];
        if (items.Count <= size)
        {
            return new Page<T>(items, false, null);
        }
        items.RemoveAt(size);
        return new Page<T>(items, true, PageToken.Encode(nameOf(items[^1])));
    }
}

internal sealed record Page<T>(List<T> Items, bool IsTruncated, string? Marker);
