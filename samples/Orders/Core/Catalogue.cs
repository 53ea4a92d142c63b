namespace Orders.Core;

public sealed record Article(string Sku, string Name, string Note, int PriceCents);

/// <summary>The shop's fixed range. Prices are decided here and never taken from a request.</summary>
public static class Catalogue
{
    public static IReadOnlyList<Article> Articles { get; } =
    [
        new("coffee", "Quayside espresso", "Dark roast beans, 500 g", 1250),
        new("tea", "Harbour breakfast tea", "Loose leaf, 200 g", 890),
        new("bread", "Lighthouse sourdough", "Baked this morning, 1 kg", 620),
        new("honey", "Breakwater honey", "Raw wildflower, 350 g", 980),
        new("cheese", "Tidewater cheddar", "Aged 14 months, 300 g", 1140),
    ];

    public static Article? Find(string? sku) => Articles.FirstOrDefault(article => article.Sku == sku);
}
