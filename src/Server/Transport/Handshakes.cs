using Microsoft.AspNetCore.Connections;

namespace Longspan.Server.Transport;

/// <summary>
/// TLS handshakes under way. They are where a stranger costs the server most, before it knows anything of them. When there are too many, the
/// oldest is dropped for the newest: those who mean it are through in milliseconds, and strangers who hold many open lose them to each other.
/// </summary>
internal sealed class Handshakes(int limit)
{
    private static readonly object s_place = new();
    private readonly Lock _lock = new();
    private readonly LinkedList<ConnectionContext> _underWay = new();

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _underWay.Count;
            }
        }
    }

    /// <summary>Goes around the middleware that does the handshake.</summary>
    public async Task BeginAsync(ConnectionContext connection, Func<Task> next)
    {
        ConnectionContext? oldest = null;
        lock (_lock)
        {
            if (_underWay.Count == limit)
            {
                oldest = _underWay.First!.Value;
                _underWay.RemoveFirst();
            }
            connection.Items[s_place] = _underWay.AddLast(connection);
        }
        oldest?.Abort(new ConnectionAbortedException("Too many TLS handshakes are under way."));
        try
        {
            await next();
        }
        finally
        {
            End(connection);
        }
    }

    /// <summary>Follows it: the handshake is done.</summary>
    public Task EndAsync(ConnectionContext connection, Func<Task> next)
    {
        End(connection);
        return next();
    }

    private void End(ConnectionContext connection)
    {
        lock (_lock)
        {
            if (connection.Items[s_place] is LinkedListNode<ConnectionContext> { List: not null } place)
            {
                _underWay.Remove(place);
            }
        }
    }
}
