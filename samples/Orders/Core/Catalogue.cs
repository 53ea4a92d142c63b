namespace Orders.Core;

public sealed record Article(string Sku, string Name, string Note, int PriceCents);

/// <summary>The shop's fixed range. Prices are decided here and never taken from a request.</summary>
public static class Catalogue
{
    public static IReadOnlyList<Article> Articles { get; } =
    [
        new("coffee", "Quayside espresso", "500 g beans", 1250),
        new("tea", "Harbour tea", "200 g loose", 890),
        new("bread", "Lighthouse loaf", "1 kg fresh", 620),
        new("honey", "Breakwater honey", "350 g raw", 980),
        new("cheese", "Tidewater cheddar", "300 g aged", 1140),
    ];

    public static Article? Find(string? sku) => Articles.FirstOrDefault(article => article.Sku == sku);
}
