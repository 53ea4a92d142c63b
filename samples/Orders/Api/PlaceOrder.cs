using Orders.Core;

namespace Orders.Api;

/// <summary>The body of <c>POST /orders</c>, exactly as sent; nothing in it is trusted before <see cref="OrderRules"/> saw it.</summary>
internal sealed record PlaceOrder(string? Token, PlaceCustomer? Customer, IReadOnlyList<PlaceLine>? Lines);

internal sealed record PlaceCustomer(string? Name, string? Address)
{
    public override string ToString() => "PlaceCustomer(withheld)";
}

internal sealed record PlaceLine(string? Sku, int Quantity);

/// <summary>A refusal: one message for people, and one per field for the page.</summary>
internal sealed record Problem(string Title, int Status, string Detail, IReadOnlyDictionary<string, string>? Errors = null);

internal static class OrderRules
{
    public const int LongestName = 100;
    public const int LongestAddress = 300;
    public const int MostPerLine = 99;

    /// <summary>The order, or what is wrong with it field by field.</summary>
    public static (OrderMessage? Order, Dictionary<string, string> Errors) Check(
        PlaceOrder? request, string? tokenHeader, DateTimeOffset now)
    {
        var errors = new Dictionary<string, string>();
        string? token = tokenHeader ?? request?.Token;
        if (!OrderIds.IsToken(token))
        {
            errors["token"] = 
                $"Send a token of {OrderIds.MinTokenLength} to {OrderIds.MaxTokenLength} letters, digits, '-' or '_' with each new order.";
        }

        string? name = CheckText(request?.Customer?.Name, "name", LongestName, errors);
        string? address = CheckText(request?.Customer?.Address, "address", LongestAddress, errors);
        var lines = CheckLines(request?.Lines, errors);
        if (errors.Count > 0)
        {
            return (null, errors);
        }

        int total = lines.Sum(line => line.Quantity * Catalogue.Find(line.Sku)!.PriceCents);
        return (new OrderMessage(OrderIds.FromToken(token!), now, new Customer(name!, address!), lines, total), errors);
    }

    private static string? CheckText(string? text, string field, int longest, Dictionary<string, string> errors)
    {
        string? trimmed = text?.Trim();
        if (string.IsNullOrEmpty(trimmed))
        {
            errors[field] = $"Enter {(field == "name" ? "a name" : "an address")}.";
        }
        else if (trimmed.Length > longest)
        {
            errors[field] = $"Use at most {longest} characters.";
        }
        else if (trimmed.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')))
        {
            errors[field] = "Use printable characters only.";
        }

        return trimmed;
    }

    private static List<OrderLine> CheckLines(IReadOnlyList<PlaceLine>? lines, Dictionary<string, string> errors)
    {
        var accepted = new List<OrderLine>();
        foreach (var line in lines ?? [])
        {
            if (line is null || Catalogue.Find(line.Sku) is null)
            {
                errors["lines"] = "An article is not in the range.";
            }
            else if (line.Quantity is < 1 or > MostPerLine)
            {
                errors["lines"] = $"Order 1 to {MostPerLine} of an article.";
            }
            else if (accepted.Exists(other => other.Sku == line.Sku))
            {
                errors["lines"] = "List an article once.";
            }
            else
            {
                accepted.Add(new OrderLine(line.Sku!, line.Quantity));
            }
        }

        if (accepted.Count == 0 && !errors.ContainsKey("lines"))
        {
            errors["lines"] = "Choose at least one article.";
        }

        return accepted;
    }
}
