using Microsoft.Data.Sqlite;
using Orders.Core;

namespace Orders.Api;

internal sealed record OrderView(
    string OrderId,
    string Status,
    int ItemCount,
    int TotalCents,
    DateTimeOffset PlacedAt,
    DateTimeOffset? ProcessedAt,
    string? Node,
    string? Site);

internal sealed record LedgerSummary(long Queued, long Processed, DateTimeOffset? OldestQueuedAt);

/// <summary>
/// What the cloud side remembers of an order: id, stage, count, total, times and the node that processed it. There is no column
/// for a name or an address, and no method that accepts one. A write that returned is on disk.
/// </summary>
internal sealed class OrderLedger : IDisposable
{
    private const int LongestName = 128;
    private const string Columns = "order_id, stage, item_count, total_cents, placed_at, processed_at, node, site";

    private readonly Lock gate = new();
    private readonly SqliteConnection connection;

    public OrderLedger(string folder)
    {
        Directory.CreateDirectory(folder);
        var source = new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder, "ledger.db"), Pooling = false };
        connection = new SqliteConnection(source.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText =
            """
            PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=5000;
            CREATE TABLE IF NOT EXISTS orders (
              order_id TEXT PRIMARY KEY,
              stage INTEGER NOT NULL,
              item_count INTEGER NOT NULL,
              total_cents INTEGER NOT NULL,
              placed_at INTEGER NOT NULL,
              processed_at INTEGER,
              node TEXT,
              site TEXT
            ) WITHOUT ROWID, STRICT;
            CREATE INDEX IF NOT EXISTS orders_by_time ON orders (placed_at);
            CREATE INDEX IF NOT EXISTS orders_by_stage ON orders (stage, placed_at);
            """;
        command.ExecuteNonQuery();
    }

    /// <summary>
    /// Records an order that the queue has accepted. Does nothing when it is known, also when its status came back first.
    /// </summary>
    public void RecordQueued(string orderId, int itemCount, int totalCents, DateTimeOffset placedAt)
    {
        lock (gate)
        {
            using var command = connection.CreateCommand();
            command.CommandText =
                """
                INSERT INTO orders (order_id, stage, item_count, total_cents, placed_at)
                VALUES ($id, $stage, $count, $total, $placed)
                ON CONFLICT DO NOTHING;
                """;
            command.Parameters.AddWithValue("$id", orderId);
            command.Parameters.AddWithValue("$stage", OrderStatus.QueuedStage);
            command.Parameters.AddWithValue("$count", itemCount);
            command.Parameters.AddWithValue("$total", totalCents);
            command.Parameters.AddWithValue("$placed", placedAt.ToUnixTimeMilliseconds());
            command.ExecuteNonQuery();
        }
    }

    /// <summary>
    /// Applies a status from the premises; false when it changed nothing. An unknown order is created from the message: the API
    /// may have stopped between sending the order and recording it.
    /// </summary>
    public bool Apply(StatusMessage status)
    {
        int stage = OrderStatus.StageOf(status.Status);
        if (stage == 0 || string.IsNullOrEmpty(status.OrderId))
        {
            return false;
        }

        lock (gate)
        {
            using var command = connection.CreateCommand();
            command.CommandText =
                $"""
                INSERT INTO orders ({Columns}) VALUES ($id, $stage, $count, $total, $placed, $processed, $node, $site)
                ON CONFLICT (order_id) DO UPDATE SET
                  stage = excluded.stage, processed_at = excluded.processed_at, node = excluded.node, site = excluded.site
                WHERE excluded.stage > stage;
                """;
            command.Parameters.AddWithValue("$id", status.OrderId);
            command.Parameters.AddWithValue("$stage", stage);
            command.Parameters.AddWithValue("$count", status.ItemCount);
            command.Parameters.AddWithValue("$total", status.TotalCents);
            command.Parameters.AddWithValue("$placed", status.PlacedAt.ToUnixTimeMilliseconds());
            object processedAt = stage >= OrderStatus.ProcessedStage ? status.At.ToUnixTimeMilliseconds() : DBNull.Value;
            command.Parameters.AddWithValue("$processed", processedAt);
            command.Parameters.AddWithValue("$node", Cut(status.Node));
            command.Parameters.AddWithValue("$site", Cut(status.Site));
            return command.ExecuteNonQuery() == 1;
        }
    }

    public OrderView? Find(string orderId)
    {
        lock (gate)
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"SELECT {Columns} FROM orders WHERE order_id = $id;";
            command.Parameters.AddWithValue("$id", orderId);
            return Read(command).FirstOrDefault();
        }
    }

    public IReadOnlyList<OrderView> Newest(int limit)
    {
        lock (gate)
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"SELECT {Columns} FROM orders ORDER BY placed_at DESC, order_id LIMIT $limit;";
            command.Parameters.AddWithValue("$limit", limit);
            return Read(command);
        }
    }

    public LedgerSummary Summarize()
    {
        lock (gate)
        {
            using var command = connection.CreateCommand();
            command.CommandText =
                """
                SELECT count(*) FILTER (WHERE stage < $processed), count(*) FILTER (WHERE stage >= $processed),
                       min(placed_at) FILTER (WHERE stage < $processed)
                FROM orders;
                """;
            command.Parameters.AddWithValue("$processed", OrderStatus.ProcessedStage);
            using var row = command.ExecuteReader();
            row.Read();
            return new LedgerSummary(row.GetInt64(0), row.GetInt64(1), TimeOrNull(row, 2));
        }
    }

    public void Dispose() => connection.Dispose();

    private static string Cut(string? text) => text is null ? "" : text.Length <= LongestName ? text : text[..LongestName];

    private static DateTimeOffset? TimeOrNull(SqliteDataReader row, int column) =>
        row.IsDBNull(column) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(column));

    private static List<OrderView> Read(SqliteCommand command)
    {
        using var row = command.ExecuteReader();
        var orders = new List<OrderView>();
        while (row.Read())
        {
            orders.Add(new OrderView(
                row.GetString(0),
                OrderStatus.NameOf(row.GetInt32(1)),
                row.GetInt32(2),
                row.GetInt32(3),
                DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(4)),
                TimeOrNull(row, 5),
                row.IsDBNull(6) ? null : row.GetString(6),
                row.IsDBNull(7) ? null : row.GetString(7)));
        }

        return orders;
    }
}
