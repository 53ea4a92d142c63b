using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Mirror;

/// <summary>Searching documents that are kept in the order of their names, so that pages begin anywhere.</summary>
internal static class NameOrder
{
    /// <summary>Where the document with the name stands, or the complement of where it would.</summary>
    public static int Find<T>(this IReadOnlyList<Document<T>> documents, string name) where T : class
    {
        var (low, high) = (0, documents.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var order = string.CompareOrdinal(documents[middle].Key.Name, name);
            if (order == 0)
            {
                return middle;
            }
            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }
        return ~low;
    }

    /// <summary>Where the first one stands whose name comes after this one.</summary>
    public static int After<T>(this IReadOnlyList<Document<T>> documents, string? name) where T : class =>
        name is null ? 0 : documents.Find(name) is var at && at >= 0 ? at + 1 : ~at;
}
