using System.Globalization;
using StackExchange.Redis;

namespace Longspan.Load.Peers;

/// <summary>A Redis stream with one consumer group. An entry is acknowledged and deleted, as a queue would.</summary>
internal sealed class RedisPeer : IPeer
{
    private const string Package = "redis-server";
    private const string Group = "workers";
    private readonly int _port = ServerProcess.FreePort();

    public string Name => "Redis streams, appendfsync always";
    public string Key => "redis";
    public string Way => "ten XADD pipelined; XREADGROUP of ten, then XACK and XDEL of ten pipelined; a multiplexer for each connection";
    public string Promise => "every answer (XADD, XREADGROUP, XACK, XDEL) is sent after the sync of the append-only file that follows each round of the event loop";
    public string Versions => $"{Package} {Tool.PackageVersion(Package)}; {Tool.ClientVersion(typeof(ConnectionMultiplexer))}";
    public string? Missing => File.Exists("/usr/bin/redis-server") ? null : Package;
    public ServerProcess Server { get; private set; } = null!;

    public async Task StartAsync(string folder) => Server = await ServerProcess.StartAsync(
        "/usr/bin/redis-server",
        ["--bind", "127.0.0.1", "--port", _port.ToString(CultureInfo.InvariantCulture), "--dir", folder, "--appendonly", "yes", "--appendfsync", "always", "--save", ""],
        line => new(line?.Contains("Ready to accept connections", StringComparison.Ordinal) == true));

    public async Task CreateQueueAsync(string queue)
    {
        await using var connection = await OpenAsync();
        await connection.GetDatabase().StreamCreateConsumerGroupAsync(queue, Group, StreamPosition.Beginning);
    }

    public async Task DeleteQueueAsync(string queue)
    {
        await using var connection = await OpenAsync();
        await connection.GetDatabase().KeyDeleteAsync(queue);
    }

    public async Task<IPeerConnection> ConnectAsync(string queue, bool consumes) => new Worker(queue, await OpenAsync());

    public ValueTask DisposeAsync()
    {
        Server?.Dispose();
        return default;
    }

    private Task<ConnectionMultiplexer> OpenAsync() => ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{_port}");

    private sealed class Worker(string queue, ConnectionMultiplexer connection) : IPeerConnection
    {
        private readonly IDatabase _database = connection.GetDatabase();
        private readonly string _name = $"worker-{connection.GetHashCode()}";

        public Task PublishAsync(int count) => Task.WhenAll(Enumerable.Range(0, count).Select(_ => _database.StreamAddAsync(queue, "body", Batch.Bytes)));

        public async Task<int> ConsumeAsync()
        {
            var taken = await _database.StreamReadGroupAsync(queue, Group, _name, StreamPosition.NewMessages, Batch.Size);
            if (taken.Length > 0)
            {
                RedisValue[] ids = [.. taken.Select(entry => entry.Id)];
                await Task.WhenAll(_database.StreamAcknowledgeAsync(queue, Group, ids), _database.StreamDeleteAsync(queue, ids));
            }
            return taken.Length;
        }

        public ValueTask DisposeAsync() => connection.DisposeAsync();
    }
}
