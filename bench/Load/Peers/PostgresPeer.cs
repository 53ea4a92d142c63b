using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace Longspan.Load.Peers;

/// <summary>
/// The queue that engineers build themselves: a table, FOR UPDATE SKIP LOCKED, and a transaction around the work. A consumer that dies
/// gives its messages back by rolling back.
/// </summary>
internal sealed class PostgresPeer : IPeer
{
    private readonly int _port = ServerProcess.FreePort();
    private NpgsqlDataSource _source = null!;

    public string Name => "PostgreSQL, SKIP LOCKED";
    public string Key => "postgres";
    public string Way => "prepared statements; ten rows an insert; a transaction that deletes ten rows with SKIP LOCKED and returns them";
    public string Promise => "synchronous_commit=on, fsync=on: a commit is answered after the sync of the log; ten messages are one insert and one commit";
    public string Versions => $"postgresql {Path.GetFileName(Path.GetDirectoryName(Programs()!))} ({Tool.Run(Path.Combine(Programs()!, "postgres"), "--version").Output}); {Tool.ClientVersion(typeof(NpgsqlConnection))}";
    public string? Missing => Programs() is null ? "postgresql" : null;
    public ServerProcess Server { get; private set; } = null!;

    private static string? Programs() => Directory.Exists("/usr/lib/postgresql")
        ? Directory.EnumerateDirectories("/usr/lib/postgresql").Order().Select(folder => Path.Combine(folder, "bin")).LastOrDefault(folder => File.Exists(Path.Combine(folder, "postgres")))
        : null;

    public async Task StartAsync(string folder)
    {
        var data = Path.Combine(folder, "data");
        // PostgreSQL refuses to run as root.
        string[] user = Environment.UserName == "root" ? ["--reuid=postgres", "--regid=postgres", "--init-groups"] : ["--no-new-privs"];
        if (Environment.UserName == "root")
        {
            Tool.Must("chown", "postgres", folder);
        }
        Tool.Must("setpriv", [.. user, Path.Combine(Programs()!, "initdb"), "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C"]);
        Server = await ServerProcess.StartAsync(
            "setpriv",
            [
                .. user, Path.Combine(Programs()!, "postgres"), "-D", data, "-p", _port.ToString(CultureInfo.InvariantCulture), "-c", "listen_addresses=127.0.0.1",
                "-c", "unix_socket_directories=", "-c", "fsync=on", "-c", "synchronous_commit=on", "-c", "max_connections=150",
            ],
            line => new(line?.Contains("ready to accept connections", StringComparison.Ordinal) == true), stopSignal: "INT");
        _source = NpgsqlDataSource.Create($"Host=127.0.0.1;Port={_port};Username=bench;Database=postgres;Maximum Pool Size=120;Max Auto Prepare=10;Auto Prepare Min Usages=1");
    }

    public Task CreateQueueAsync(string queue) => ExecuteAsync($"CREATE TABLE \"{queue}\" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body bytea NOT NULL)");

    public Task DeleteQueueAsync(string queue) => ExecuteAsync($"DROP TABLE \"{queue}\"");

    public async Task<IPeerConnection> ConnectAsync(string queue, bool consumes) => new Worker(queue, await _source.OpenConnectionAsync());

    public async ValueTask DisposeAsync()
    {
        if (_source is not null)
        {
            await _source.DisposeAsync();
        }
        Server?.Dispose();
    }

    private async Task ExecuteAsync(string statement)
    {
        await using var command = _source.CreateCommand(statement);
        await command.ExecuteNonQueryAsync();
    }

    private sealed class Worker : IPeerConnection
    {
        private readonly NpgsqlConnection _connection;
        private readonly NpgsqlCommand _one;
        private readonly NpgsqlCommand _many;
        private readonly NpgsqlCommand _take;

        public Worker(string queue, NpgsqlConnection connection)
        {
            _connection = connection;
            _one = new NpgsqlCommand($"INSERT INTO \"{queue}\" (body) VALUES ($1)", connection) { Parameters = { new() { Value = Batch.Bytes } } };
            _many = new NpgsqlCommand($"INSERT INTO \"{queue}\" (body) SELECT unnest($1)", connection)
            {
                Parameters = { new() { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea } },
            };
            _take = new NpgsqlCommand(
                $"""
                WITH taken AS MATERIALIZED (SELECT id FROM "{queue}" ORDER BY id LIMIT {Batch.Size} FOR UPDATE SKIP LOCKED)
                DELETE FROM "{queue}" AS q USING taken WHERE q.id = taken.id RETURNING q.body
                """,
                connection);
        }

        public async Task PublishAsync(int count)
        {
            if (count == 1)
            {
                await _one.ExecuteNonQueryAsync();
                return;
            }
            _many.Parameters[0].Value = Enumerable.Repeat(Batch.Bytes, count).ToArray();
            await _many.ExecuteNonQueryAsync();
        }

        public async Task<int> ConsumeAsync()
        {
            await using var transaction = await _connection.BeginTransactionAsync();
            var taken = new List<byte[]>(Batch.Size);
            _take.Transaction = transaction;
            await using (var rows = await _take.ExecuteReaderAsync())
            {
                while (await rows.ReadAsync())
                {
                    taken.Add(rows.GetFieldValue<byte[]>(0));
                }
            }
            await transaction.CommitAsync();
            return taken.Count;
        }

        public async ValueTask DisposeAsync()
        {
            await _one.DisposeAsync();
            await _many.DisposeAsync();
            await _take.DisposeAsync();
            await _connection.DisposeAsync();
        }
    }
}
