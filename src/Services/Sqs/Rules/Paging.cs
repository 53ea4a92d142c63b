using Longspan.Kernel;

namespace Longspan.Services.Sqs.Rules;

/// <summary>SQS's paging: pages only when the caller sets a size; without one the first thousand.</summary>
internal static class Paging
{
    private const int Most = 1000;

    public static (IReadOnlyList<T> Items, string? NextToken) Take<T>(
        IEnumerable<T> sorted, Func<T, string> name, string? token, int? maximum)
    {
        if (maximum is < 1 or > Most)
        {
            throw SqsFaults.InvalidParameter("MaxResults", maximum, $"Must be between 1 and {Most}, if provided.");
        }
        if (!PageToken.TryDecode(token, out var after))
        {
            throw SqsFaults.InvalidParameter("NextToken", token, "The token is invalid.");
        }
        var rest = after is null ? sorted : sorted.SkipWhile(i => string.CompareOrdinal(name(i), after) <= 0);
        var items = rest.Take((maximum ?? Most) + 1).ToList();
        if (items.Count <= (maximum ?? Most))
        {
            return (items, null);
        }
        items.RemoveAt(items.Count - 1);
        return (items, maximum is null ? null : PageToken.Encode(name(items[^1])));
    }
}
