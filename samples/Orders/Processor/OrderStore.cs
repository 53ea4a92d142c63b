using System.Text.Json;
using Microsoft.Data.Sqlite;
using Orders.Core;

namespace Orders.Processor;

internal sealed record StoredOrder(
    string OrderId,
    string Name,
    string Address,
    string Lines,
    int ItemCount,
    int TotalCents,
    DateTimeOffset PlacedAt,
    DateTimeOffset ProcessedAt,
    int Deliveries);

/// <summary>
/// The only place where customer detail is kept: one SQLite file in the on-premises volume. The order id is the key, so an order
/// that is delivered again is counted and otherwise changes nothing. A write that returned is on disk.
/// </summary>
internal sealed class OrderStore : IDisposable
{
    private readonly Lock gate = new();
    private readonly SqliteConnection connection;

    public OrderStore(string folder)
    {
        Directory.CreateDirectory(folder);
        var source = new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder, "orders.db"), Pooling = false };
        connection = new SqliteConnection(source.ToString());
        connection.Open();
        Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=5000;");
        Execute(
            """
            CREATE TABLE IF NOT EXISTS orders (
              order_id TEXT PRIMARY KEY,
              name TEXT NOT NULL,
              address TEXT NOT NULL,
              lines TEXT NOT NULL,
              item_count INTEGER NOT NULL,
              total_cents INTEGER NOT NULL,
              placed_at INTEGER NOT NULL,
              processed_at INTEGER NOT NULL,
              deliveries INTEGER NOT NULL
            ) WITHOUT ROWID, STRICT;
            """);
    }

    /// <summary>The order as recorded, which for a repeated delivery is the first one. <c>Deliveries</c> tells them apart.</summary>
    public StoredOrder Record(OrderMessage order, DateTimeOffset now)
    {
        lock (gate)
        {
            using var command = connection.CreateCommand();
            command.CommandText =
                """
                INSERT INTO orders VALUES ($id, $name, $address, $lines, $count, $total, $placed, $now, 1)
                ON CONFLICT (order_id) DO UPDATE SET deliveries = deliveries + 1
                RETURNING *;
                """;
            command.Parameters.AddWithValue("$id", order.OrderId);
            command.Parameters.AddWithValue("$name", order.Customer.Name);
            command.Parameters.AddWithValue("$address", order.Customer.Address);
            command.Parameters.AddWithValue("$lines", JsonSerializer.Serialize(order.Lines, MessageJson.Default.IReadOnlyListOrderLine));
            command.Parameters.AddWithValue("$count", order.ItemCount);
            command.Parameters.AddWithValue("$total", order.TotalCents);
            command.Parameters.AddWithValue("$placed", order.PlacedAt.ToUnixTimeMilliseconds());
            command.Parameters.AddWithValue("$now", now.ToUnixTimeMilliseconds());
            using var reader = command.ExecuteReader();
            reader.Read();
            var stored = Read(reader);

            // The statement commits when its reader is exhausted, and only then may the caller rely on it.
            while (reader.Read())
            {
            }

            return stored;
        }
    }

    public bool Contains(string orderId)
    {
        lock (gate)
        {
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT 1 FROM orders WHERE order_id = $id;";
            command.Parameters.AddWithValue("$id", orderId);
            return command.ExecuteScalar() is not null;
        }
    }

    public long Count()
    {
        lock (gate)
        {
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT count(*) FROM orders;";
            return (long)command.ExecuteScalar()!;
        }
    }

    public IReadOnlyList<StoredOrder> List(int limit)
    {
        lock (gate)
        {
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT * FROM orders ORDER BY placed_at, order_id LIMIT $limit;";
            command.Parameters.AddWithValue("$limit", limit);
            using var reader = command.ExecuteReader();
            var orders = new List<StoredOrder>();
            while (reader.Read())
            {
                orders.Add(Read(reader));
            }

            return orders;
        }
    }

    public void Dispose() => connection.Dispose();

    private static StoredOrder Read(SqliteDataReader row) => new(
        row.GetString(0),
        row.GetString(1),
        row.GetString(2),
        row.GetString(3),
        row.GetInt32(4),
        row.GetInt32(5),
        DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(6)),
        DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(7)),
        row.GetInt32(8));

    private void Execute(string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Constant text from the constructor.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
