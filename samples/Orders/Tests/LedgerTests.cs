using Microsoft.Data.Sqlite;
using Orders.Api;
using Orders.Core;
using Orders.Processor;

namespace Orders.Tests;

public sealed class LedgerTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("orders-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void Status_only_moves_forward_and_the_first_report_stays()
    {
        using var ledger = new OrderLedger(folder.FullName);
        ledger.RecordQueued("A", 2, 500, Noon);
        Assert.True(ledger.Apply(Report("A", OrderStatus.Processed, "onprem-1")));
        Assert.False(ledger.Apply(Report("A", OrderStatus.Processed, "onprem-2")));
        Assert.False(ledger.Apply(Report("A", OrderStatus.Queued, "onprem-2")));
        Assert.False(ledger.Apply(Report("A", "SHIPPED", "onprem-2")));
        ledger.RecordQueued("A", 2, 500, Noon);
        var order = ledger.Find("A")!;
        Assert.Equal((OrderStatus.Processed, "onprem-1", Noon.AddSeconds(1)), (order.Status, order.Node, order.ProcessedAt!.Value));
    }

    [Fact]
    public void A_status_that_arrives_first_creates_the_order_and_recording_it_later_changes_nothing()
    {
        using var ledger = new OrderLedger(folder.FullName);
        Assert.True(ledger.Apply(Report("A", OrderStatus.Processed, "onprem-1")));
        ledger.RecordQueued("A", 2, 500, Noon);
        Assert.Equal((OrderStatus.Processed, 2, 500), (ledger.Find("A")!.Status, ledger.Find("A")!.ItemCount, ledger.Find("A")!.TotalCents));
    }

    [Fact]
    public void The_ledger_survives_a_restart_and_lists_the_newest_first()
    {
        using (var ledger = new OrderLedger(folder.FullName))
        {
            ledger.RecordQueued("A", 1, 100, Noon);
            ledger.RecordQueued("B", 1, 100, Noon.AddSeconds(1));
        }

        using var again = new OrderLedger(folder.FullName);
        Assert.Equal(["B", "A"], again.Newest(10).Select(order => order.OrderId));
        Assert.Equal(new LedgerSummary(2, 0, Noon), again.Summarize());
    }

    [Fact]
    public void The_ledger_has_no_column_for_customer_detail()
    {
        using var ledger = new OrderLedger(folder.FullName);
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder.FullName, "ledger.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT m.name || '.' || c.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY c.cid;";
        using var reader = command.ExecuteReader();
        var columns = new List<string>();
        while (reader.Read())
        {
            columns.Add(reader.GetString(0));
        }

        Assert.Equal(
            ["orders.order_id", "orders.stage", "orders.item_count", "orders.total_cents", "orders.placed_at", "orders.processed_at", "orders.node", "orders.site"],
            columns);
    }

    [Fact]
    public void The_store_keeps_the_first_delivery_and_counts_the_others()
    {
        var order = new OrderMessage("A", Noon, new Customer("Ada", "1 Quay"), [new OrderLine("tea", 2), new OrderLine("bread", 1)], 2400);
        using (var store = new OrderStore(folder.FullName))
        {
            Assert.False(store.Contains("A"));
            Assert.Equal(1, store.Record(order, Noon.AddSeconds(1)).Deliveries);
        }

        using var again = new OrderStore(folder.FullName);
        Assert.True(again.Contains("A"));
        var repeated = again.Record(order with { Customer = new Customer("Eve", "2 Quay") }, Noon.AddSeconds(9));
        Assert.Equal((2, "Ada", Noon.AddSeconds(1), 3), (repeated.Deliveries, repeated.Name, repeated.ProcessedAt, repeated.ItemCount));
        Assert.Equal(1, again.Count());
    }

    [Theory]
    [InlineData(true, null, "flowing")]
    [InlineData(true, 4, "flowing")]
    [InlineData(true, 6, "waiting")]
    [InlineData(false, 6, "waiting")]
    [InlineData(false, null, "unknown")]
    public void The_flow_hint_follows_the_oldest_queued_order(bool answered, int? oldestSeconds, string flow) =>
        Assert.Equal(flow, QueueWatch.Judge(answered, oldestSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null));

    private static StatusMessage Report(string id, string status, string node) =>
        new(id, status, Noon, Noon.AddSeconds(1), 2, 500, node, "on-premises");
}
