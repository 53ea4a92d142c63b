using Longspan.Kernel;

namespace Longspan.Services.Kms.Rules;

/// <summary>The <c>Limit</c> and <c>Marker</c> of the list operations.</summary>
internal readonly record struct Paging(int Size, string? After)
{
    public static Paging Read(int? limit, string? marker, int usual, int largest)
    {
        if (limit is < 1 || limit > largest)
        {
            throw KmsFaults.Constraint("limit", limit, $"Member must have value between 1 and {largest}, inclusive");
        }
        return PageToken.TryDecode(marker, out var after) ? new Paging(limit ?? usual, after) : throw KmsFaults.Marker();
    }

    /// <summary>One page of what was read with one item more than <see cref="Size"/>, and the marker of the next.</summary>
    public (List<T> Items, string? Next) Cut<T>(IReadOnlyList<T> read, Func<T, string> name)
    {
        if (read.Count <= Size)
        {
            return ([.. read], null);
        }
        List<T> items = [.. read.Take(Size)];
        return (items, PageToken.Encode(name(items[^1])));
    }
}
