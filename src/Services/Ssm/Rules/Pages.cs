using Longspan.Api.Shapes;
using Longspan.Kernel;

namespace Longspan.Services.Ssm.Rules;

/// <summary>The tokens of the list operations. One continues the request that it was given for, however large its pages, and no other.</summary>
internal static class Pages
{
    /// <summary>The name after which the page starts; null for the first page.</summary>
    public static string? Start(Shape request, string? token) =>
        PageToken.TryDecode(token, request, out var after) ? after : throw SsmFaults.NextToken();

    public static string Next(Shape request, string last) => PageToken.Encode(last, request);
}
