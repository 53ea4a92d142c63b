using System.Collections.Concurrent;
using Longspan.Store.Messages;
using Longspan.Store.Sqlite.Messages;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Longspan.Core.Tests.Sqs.Faults;

/// <summary>A store on a bad disk, and what is known to be in it.</summary>
internal sealed class StoreUnderTest(string folder, SqliteMessageSettings? settings = null) : ILogger, IAsyncDisposable
{
    public const long Queue = 1;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly ConcurrentQueue<string> _log = new();
    private SqliteMessageBackend? _store;
    private int _number;

    public SqliteMessageBackend Store => _store!;
    public List<int> Acknowledged { get; } = [];
    public string Log => string.Join('\n', _log);

    public async Task OpenAsync()
    {
        _store = SqliteMessageBackend.Open(folder, TimeProvider.System, settings, this);
        await Store.OpenAsync(Queue, new QueueSettings(), default);
    }

    public async Task CloseAsync()
    {
        await Store.DisposeAsync();
        _store = null;
    }

    /// <summary>False when the store refused.</summary>
    public async Task<bool> TrySendAsync(int bytes = 2_000)
    {
        var number = ++_number;
        try
        {
            await Store.SendAsync(Queue, [new NewMessage(Guid.CreateVersion7(), Body(number, bytes))], default);
        }
        catch (MessageStoreUnavailableException)
        {
            return false;
        }
        Acknowledged.Add(number);
        return true;
    }

    public async Task SendUntilRefusedAsync()
    {
        while (await TrySendAsync())
        {
            Assert.True(_number < 100_000, "the disk never filled up");
        }
    }

    public async Task EventuallyAsync(string what, Func<Task<bool>> reached)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!await reached())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Deadline, $"not within {Deadline}: {what}\n{Log}");
            await Task.Delay(50);
        }
    }

    /// <summary>Takes everything out and gives the numbers of what came, whole.</summary>
    public async Task<List<int>> DrainAsync()
    {
        var numbers = new List<int>();
        while (true)
        {
            var reception = await Store.ReceiveAsync(Queue, new ReceiveOrder(10, TimeSpan.FromHours(1), TimeSpan.Zero), default);
            if (reception.Messages.Count == 0)
            {
                return numbers;
            }
            foreach (var message in reception.Messages)
            {
                var number = BitConverter.ToInt32(message.Payload);
                Assert.Equal(Body(number, message.Payload.Length), message.Payload);
                numbers.Add(number);
            }
            await Store.DeleteAsync(Queue, [.. reception.Messages.Select(m => m.Receipt)], default);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }
    }

    private static byte[] Body(int number, int bytes)
    {
        var body = new byte[bytes];
        new Random(number).NextBytes(body);
        BitConverter.TryWriteBytes(body, number);
        return body;
    }

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _log.Enqueue($"{logLevel}: {formatter(state, exception)}");

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;
}
