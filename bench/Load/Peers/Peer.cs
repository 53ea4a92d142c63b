namespace Longspan.Load.Peers;

/// <summary>
/// A queue server and the client that its users would take. All peers are asked for the same: a message that is published is kept over a
/// loss of power as far as the server offers that, it goes to one consumer, and it is gone once that consumer has acknowledged it.
/// The server listens on loopback, on a free port, with its files in the folder that it is given; disposing ends it.
/// </summary>
internal interface IPeer : IAsyncDisposable
{
    string Name { get; }

    /// <summary>The words by which the command line chooses it.</summary>
    string Key { get; }

    /// <summary>How its client is used here, in words for the report.</summary>
    string Way { get; }

    /// <summary>When the answer to a publish is sent, and what an acknowledgement of a consumer is, in words for the report.</summary>
    string Promise { get; }

    /// <summary>Server and client with their versions. Known once it is started.</summary>
    string Versions { get; }

    ServerProcess Server { get; }

    /// <summary>Null when all that it needs is installed, otherwise what is missing.</summary>
    string? Missing { get; }

    Task StartAsync(string folder);

    Task CreateQueueAsync(string queue);

    Task DeleteQueueAsync(string queue);

    /// <param name="consumes">False for a connection that will only publish.</param>
    Task<IPeerConnection> ConnectAsync(string queue, bool consumes);
}

/// <summary>What one worker holds. Used by one caller at a time.</summary>
internal interface IPeerConnection : IAsyncDisposable
{
    /// <summary>Publishes that many messages together, in whatever way the client has for that, and returns when all are acknowledged.</summary>
    Task PublishAsync(int count);

    /// <summary>Takes up to ten messages and acknowledges them. Returns how many; 0 when there are none just now.</summary>
    Task<int> ConsumeAsync();
}

internal static class Batch
{
    public const int Size = 10;
    public const int BodyBytes = 1000;
    public static readonly string Text = new('x', BodyBytes);
    public static readonly byte[] Bytes = [.. Enumerable.Repeat((byte)'x', BodyBytes)];
}
