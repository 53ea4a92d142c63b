using System.Globalization;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Longspan.Load.Peers;

/// <summary>RabbitMQ, one node. Each connection has a channel that publishes with confirms and one that consumes with a prefetch of ten.</summary>
internal sealed class RabbitPeer(bool quorum) : IPeer
{
    private const string Package = "rabbitmq-server";
    private readonly int _port = ServerProcess.FreePort();
    private ServerProcess? _portMapper;

    public string Name => quorum ? "RabbitMQ, quorum queue" : "RabbitMQ, classic queue";
    public string Key => quorum ? "quorum" : "rabbitmq";
    public string Way => "a connection has a channel that publishes with confirms, ten awaited together, and one that consumes with a prefetch of ten and acknowledges ten at once";
    public string Promise => quorum
        ? "a confirm is sent once the Raft log (one member) has synced the message; consumer acks are not answered"
        : "durable queue, persistent messages: a confirm is sent once the message is in the queue's index (small bodies are kept there) and that is synced; consumer acks are neither answered nor synced";
    public string Versions => $"{Package} {Tool.PackageVersion(Package)}; {Tool.ClientVersion(typeof(ConnectionFactory))}";
    public string? Missing => Program() is null || !File.Exists("/usr/bin/epmd") ? Package : null;
    public ServerProcess Server { get; private set; } = null!;

    // Debian's wrapper in the path changes to a user of its own; this is the script below it.
    private static string? Program() => Directory.Exists("/usr/lib/rabbitmq/lib")
        ? Directory.EnumerateDirectories("/usr/lib/rabbitmq/lib", "rabbitmq_server-*").Select(folder => Path.Combine(folder, "sbin/rabbitmq-server")).FirstOrDefault(File.Exists)
        : null;

    public async Task StartAsync(string folder)
    {
        // Erlang's port mapper would be left behind by the node that starts it; this one is ours to end.
        var mapper = ServerProcess.FreePort();
        _portMapper = await ServerProcess.StartAsync(
            "/usr/bin/epmd", ["-address", "127.0.0.1", "-port", mapper.ToString(CultureInfo.InvariantCulture)], _ => ServerProcess.AnswersAsync(mapper));
        Server = await ServerProcess.StartAsync(
            Program()!, [], line => new(line?.Contains("Starting broker... completed", StringComparison.Ordinal) == true || line?.Contains("Server startup complete", StringComparison.Ordinal) == true),
            new Dictionary<string, string>
            {
                ["HOME"] = folder,
                // The script then replaces itself by the virtual machine instead of waiting for it.
                ["RUNNING_UNDER_SYSTEMD"] = "true",
                ["ERL_EPMD_PORT"] = mapper.ToString(CultureInfo.InvariantCulture),
                ["RABBITMQ_NODENAME"] = $"bench{_port}@localhost",
                ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
                ["RABBITMQ_NODE_PORT"] = _port.ToString(CultureInfo.InvariantCulture),
                ["RABBITMQ_DIST_PORT"] = ServerProcess.FreePort().ToString(CultureInfo.InvariantCulture),
                ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
                ["RABBITMQ_MNESIA_BASE"] = Path.Combine(folder, "mnesia"),
                ["RABBITMQ_LOG_BASE"] = Path.Combine(folder, "log"),
                ["RABBITMQ_LOGS"] = "-",
                ["RABBITMQ_CONF_ENV_FILE"] = "/dev/null",
                ["RABBITMQ_CONFIG_FILE"] = Path.Combine(folder, "rabbitmq"),
                ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(folder, "enabled_plugins"),
            });
    }

    public async Task CreateQueueAsync(string queue)
    {
        await using var connection = await OpenAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueDeclareAsync(
            queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = quorum ? "quorum" : "classic" });
    }

    public async Task DeleteQueueAsync(string queue)
    {
        await using var connection = await OpenAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueDeleteAsync(queue);
    }

    public async Task<IPeerConnection> ConnectAsync(string queue, bool consumes)
    {
        var connection = await OpenAsync();
        var publishing = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
        if (!consumes)
        {
            return new Channels(queue, connection, publishing, null);
        }
        var consuming = await connection.CreateChannelAsync();
        var channels = new Channels(queue, connection, publishing, consuming);
        await consuming.BasicQosAsync(0, Batch.Size, global: false);
        var consumer = new AsyncEventingBasicConsumer(consuming);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            // The body is the client's buffer and valid in here only.
            channels.Deliveries.Add((delivery.DeliveryTag, delivery.Body.ToArray()));
            return Task.CompletedTask;
        };
        await consuming.BasicConsumeAsync(queue, autoAck: false, consumer);
        return channels;
    }

    public ValueTask DisposeAsync()
    {
        Server?.Dispose();
        _portMapper?.Dispose();
        return default;
    }

    private Task<IConnection> OpenAsync() => new ConnectionFactory { HostName = "127.0.0.1", Port = _port }.CreateConnectionAsync();

    private sealed class Channels(string queue, IConnection connection, IChannel publishing, IChannel? consuming) : IPeerConnection
    {
        private static readonly BasicProperties Persistent = new() { DeliveryMode = DeliveryModes.Persistent };

        public Deliveries<(ulong Tag, byte[] Body)> Deliveries { get; } = new();

        public async Task PublishAsync(int count)
        {
            var confirms = new Task[count];
            for (var i = 0; i < count; i++)
            {
                confirms[i] = publishing.BasicPublishAsync("", queue, mandatory: false, Persistent, Batch.Bytes).AsTask();
            }
            await Task.WhenAll(confirms);
        }

        public async Task<int> ConsumeAsync()
        {
            var taken = await Deliveries.TakeAsync();
            if (taken.Count > 0)
            {
                await consuming!.BasicAckAsync(taken[^1].Tag, multiple: true);
            }
            return taken.Count;
        }

        public async ValueTask DisposeAsync()
        {
            await connection.CloseAsync();
            await connection.DisposeAsync();
        }
    }
}
