using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orders.Core;

/// <summary>Who ordered. Personal detail: it may pass through the cloud side, but only the on-premises store keeps it.</summary>
public sealed record Customer(string Name, string Address)
{
    // The generated ToString would put the name into any log line that formats an order.
    public override string ToString() => "Customer(withheld)";
}

public sealed record OrderLine(string Sku, int Quantity);

/// <summary>The order on its way to the premises. The id is derived from the client token, so a repeated send is the same order.</summary>
public sealed record OrderMessage(
    string OrderId,
    DateTimeOffset PlacedAt,
    Customer Customer,
    IReadOnlyList<OrderLine> Lines,
    int TotalCents)
{
    [JsonIgnore]
    public int ItemCount => Lines.Sum(line => line.Quantity);
}

/// <summary>
/// What comes back from the premises. It repeats count, total and time of the order so that the cloud side can still list an
/// order that it sent but crashed before recording. It has no field that could hold customer detail.
/// </summary>
public sealed record StatusMessage(
    string OrderId,
    string Status,
    DateTimeOffset PlacedAt,
    DateTimeOffset At,
    int ItemCount,
    int TotalCents,
    string Node,
    string Site);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OrderMessage))]
[JsonSerializable(typeof(StatusMessage))]
public sealed partial class MessageJson : JsonSerializerContext;
