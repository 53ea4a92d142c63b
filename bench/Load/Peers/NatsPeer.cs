using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace Longspan.Load.Peers;

/// <summary>NATS JetStream with file storage: a work queue stream and one durable pull consumer that all connections share.</summary>
internal sealed class NatsPeer : IPeer
{
    private const string Package = "nats-server";
    private const string Consumer = "workers";
    private readonly int _port = ServerProcess.FreePort();
    private bool _always;

    public string Name => _always ? "NATS JetStream, sync always" : "NATS JetStream, not synced";
    public string Key => "nats";
    public string Way => "work queue stream, one pull consumer for all; ten publishes awaited together; a continuous pull of ten, each message acknowledged";
    public string Promise => _always
        ? "file storage, sync_interval: always: a publish is answered after a sync; consumer acks are not answered"
        : "**not synced**: this version refuses `sync_interval: always` (it came with 2.10). A publish is answered once it is written to the page cache; files are "
            + "synced by a timer. That survives a kill, not a loss of power. Consumer acks are not answered";
    public string Versions => $"{Package} {Tool.PackageVersion(Package)}; {Tool.ClientVersion(typeof(NatsJSContext))}";
    public string? Missing => File.Exists(Program) ? null : Package;
    public ServerProcess Server { get; private set; } = null!;

    private static string Program => "/usr/sbin/nats-server";

    public async Task StartAsync(string folder)
    {
        var settings = Path.Combine(folder, "nats.conf");
        // Unknown settings are refused, so whether this server can sync always is asked of the server itself.
        File.WriteAllText(settings, Settings(folder, "sync_interval: always"));
        _always = Tool.Run(Program, "-t", "-c", settings).Worked;
        if (!_always)
        {
            File.WriteAllText(settings, Settings(folder, ""));
        }
        Server = await ServerProcess.StartAsync(Program, ["-c", settings], line => new(line?.Contains("Server is ready", StringComparison.Ordinal) == true));
    }

    private string Settings(string folder, string sync) => $$"""
        host: 127.0.0.1
        port: {{_port}}
        jetstream { store_dir: "{{folder}}", max_file_store: 20GB
          {{sync}} }
        """;

    public async Task CreateQueueAsync(string queue)
    {
        await using var connection = Open();
        var stream = new NatsJSContext(connection);
        await stream.CreateStreamAsync(new StreamConfig(queue, [queue]) { Storage = StreamConfigStorage.File, Retention = StreamConfigRetention.Workqueue });
        await stream.CreateOrUpdateConsumerAsync(queue, new ConsumerConfig(Consumer) { AckPolicy = ConsumerConfigAckPolicy.Explicit });
    }

    public async Task DeleteQueueAsync(string queue)
    {
        await using var connection = Open();
        await new NatsJSContext(connection).DeleteStreamAsync(queue);
    }

    public async Task<IPeerConnection> ConnectAsync(string queue, bool consumes)
    {
        var connection = Open();
        await connection.ConnectAsync();
        var stream = new NatsJSContext(connection);
        return new Worker(queue, connection, stream, consumes ? await stream.GetConsumerAsync(queue, Consumer) : null);
    }

    public ValueTask DisposeAsync()
    {
        Server?.Dispose();
        return default;
    }

    private NatsConnection Open() => new(new NatsOpts { Url = $"nats://127.0.0.1:{_port}" });

    private sealed class Worker : IPeerConnection
    {
        private readonly string _subject;
        private readonly NatsConnection _connection;
        private readonly NatsJSContext _stream;
        private readonly Deliveries<INatsJSMsg<byte[]>> _deliveries = new();
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _receiving;

        public Worker(string subject, NatsConnection connection, NatsJSContext stream, INatsJSConsumer? consumer)
        {
            (_subject, _connection, _stream) = (subject, connection, stream);
            _receiving = consumer is null ? Task.CompletedTask : ReceiveAsync(consumer);
        }

        public async Task PublishAsync(int count)
        {
            var answers = new Task<PubAckResponse>[count];
            for (var i = 0; i < count; i++)
            {
                answers[i] = _stream.PublishAsync(_subject, Batch.Bytes).AsTask();
            }
            foreach (var answer in await Task.WhenAll(answers))
            {
                answer.EnsureSuccess();
            }
        }

        public async Task<int> ConsumeAsync()
        {
            var taken = await _deliveries.TakeAsync();
            foreach (var message in taken)
            {
                await message.AckAsync();
            }
            return taken.Count;
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _receiving;
            await _connection.DisposeAsync();
            _stop.Dispose();
        }

        private async Task ReceiveAsync(INatsJSConsumer consumer)
        {
            try
            {
                await foreach (var message in consumer.ConsumeAsync<byte[]>(opts: new NatsJSConsumeOpts { MaxMsgs = Batch.Size }, cancellationToken: _stop.Token))
                {
                    _deliveries.Add(message);
                }
            }
            catch (OperationCanceledException)
            {
                // The worker is done.
            }
        }
    }
}
