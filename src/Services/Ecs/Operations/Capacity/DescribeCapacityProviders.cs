using Longspan.Api.Ecs;
using Longspan.Kernel;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;

namespace Longspan.Services.Ecs.Operations;

internal static class DescribeCapacityProviders
{
    public const int MaximumNamed = 100;
    public const int PageSize = 10;

    public static async ValueTask<DescribeCapacityProvidersResponse> HandleAsync(
        EcsContext cx, DescribeCapacityProvidersRequest request, CancellationToken stop)
    {
        var withTags = request.Include?.Contains("TAGS") is true;
        var kept = (await cx.Documents.ListAsync(EcsKinds.CapacityProvider, cx.Scope, stop))
            .ToDictionary(p => p.Value.Name, p => p.Value, StringComparer.Ordinal);
        CapacityProvider? Find(string name) =>
            CapacityProviderDocument.IsPredefined(name) ? CapacityShapes.Predefined(name, CapacityProviderRules.ArnOf(cx, name))
            : kept.TryGetValue(name, out var provider) ? CapacityShapes.Of(provider, withTags) : null;
        if (request.CapacityProviders is { Count: > 0 } references)
        {
            return Named(cx, references, Find);
        }
        var size = request.MaxResults switch
        {
            null => PageSize,
            >= 1 and <= PageSize => request.MaxResults.Value,
            _ => throw new InvalidParameterException($"Invalid maxResults: must be between 1 and {PageSize}."),
        };
        var after = Paging.After(request.NextToken);
        var names = kept.Keys.Append(CapacityProviderDocument.Fargate).Append(CapacityProviderDocument.FargateSpot)
            .Order(StringComparer.Ordinal).Where(n => after is null || string.CompareOrdinal(n, after) > 0).Take(size + 1).ToList();
        return new DescribeCapacityProvidersResponse
        {
            CapacityProviders = [.. names.Take(size).Select(n => Find(n)!)],
            Failures = [],
            NextToken = names.Count > size ? PageToken.Encode(names[size - 1]) : null,
        };
    }

    private static DescribeCapacityProvidersResponse Named(EcsContext cx, IReadOnlyList<string> references, Func<string, CapacityProvider?> find)
    {
        if (references.Count > MaximumNamed)
        {
            throw new InvalidParameterException($"Capacity providers can have at most {MaximumNamed} items.");
        }
        var response = new DescribeCapacityProvidersResponse { CapacityProviders = [], Failures = [] };
        foreach (var name in references.Select(CapacityProviderRules.NameOf).Distinct(StringComparer.Ordinal))
        {
            if (find(name) is { } provider)
            {
                response.CapacityProviders.Add(provider);
            }
            else
            {
                response.Failures.Add(Shapes.Missing(CapacityProviderRules.ArnOf(cx, name)));
            }
        }
        return response;
    }
}
