using Longspan.Api.Ecr;
using Longspan.Kernel;

namespace Longspan.Services.Ecr;

/// <summary>ECR's paging: <c>maxResults</c> from 1 to 1000, 100 when absent.</summary>
internal static class Paging
{
    public const int MaximumNames = 100;
    private const int DefaultSize = 100;
    private const int MaximumSize = 1000;

    public static (string? After, int Size) Read(string? token, int? maxResults)
    {
        if (maxResults is < 1 or > MaximumSize)
        {
            throw new InvalidParameterException($"Invalid parameter at 'maxResults' failed to satisfy constraint: 'Member must be between 1 and {MaximumSize}'");
        }
        return PageToken.TryDecode(token, out var after)
            ? (after, maxResults ?? DefaultSize)
            : throw new InvalidParameterException("Invalid parameter at 'nextToken' failed to satisfy constraint: 'the token is not valid'");
    }

    /// <summary>A list of names in a request: none when absent, refused beyond the bound.</summary>
    public static IReadOnlyList<T> Names<T>(List<T>? names, string member) => names?.Count > MaximumNames
        ? throw new InvalidParameterException($"Invalid parameter at '{member}' failed to satisfy constraint: 'Member must have length less than or equal to {MaximumNames}'")
        : names ?? [];

    /// <summary>The token of the next page, when one more name than the page holds was found.</summary>
    public static string? Next(IReadOnlyList<string> names, int size) => names.Count > size ? PageToken.Encode(names[size - 1]) : null;
}
