using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Longspan.Core.Tests.Ecs.AgentDouble;

/// <summary>The answer to a websocket handshake that was not 101, and what of its body the agent reads.</summary>
internal sealed class HandshakeRefusedException(int status, string body) : Exception($"{status}: {body}")
{
    public int Status => status;
    public string Body => body;
}

/// <summary>How a session ended: a close frame's code and reason, or 1006 for a connection that just ended.</summary>
internal sealed record SessionEnd(int Code, string Reason);

/// <summary>
/// A websocket client on a bare TCP connection, so that a test can send what no library would, and sees what the server really wrote. It
/// answers pings, as the agent does, and holds the server to RFC 6455: no masks, no reserved bits, no extension, no subprotocol.
/// </summary>
internal sealed class RawSocket : IDisposable
{
    public const byte Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly TcpClient _tcp;
    private readonly Stream _stream;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private bool _closeSent;

    private RawSocket(TcpClient tcp) => (_tcp, _stream) = (tcp, tcp.GetStream());

    public int Pings { get; private set; }

    /// <param name="target">Path and query.</param>
    /// <param name="window">Bytes that the machine takes in before somebody reads them; 0 for the usual.</param>
    public static async Task<RawSocket> OpenAsync(Uri server, string target, IEnumerable<KeyValuePair<string, string>> headers, int window = 0)
    {
        var tcp = new TcpClient { NoDelay = true };
        if (window > 0)
        {
            tcp.ReceiveBufferSize = window;
        }
        try
        {
            await tcp.ConnectAsync(server.Host, server.Port).WaitAsync(Patience);
            var socket = new RawSocket(tcp);
            await socket.ShakeHandsAsync(target, headers);
            return socket;
        }
        catch
        {
            tcp.Dispose();
            throw;
        }
    }

    private async Task ShakeHandsAsync(string target, IEnumerable<KeyValuePair<string, string>> headers)
    {
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
        var request = new StringBuilder($"GET {target} HTTP/1.1\r\n");
        foreach (var (name, value) in headers.Concat(
        [
            new("User-Agent", "Go-http-client/1.1"), new("Connection", "Upgrade"), new("Sec-WebSocket-Key", key),
            new("Sec-WebSocket-Version", "13"), new("Upgrade", "websocket"),
        ]))
        {
            request.Append($"{name}: {value}\r\n");
        }
        await _stream.WriteAsync(Encoding.ASCII.GetBytes(request.Append("\r\n").ToString()));
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await ReadExactlyAsync(one);
            head.Append((char)one[0]);
        }
        var lines = head.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var status = int.Parse(lines[0].Split(' ')[1]);
        var answer = lines.Skip(1).Select(l => l.Split(':', 2)).ToDictionary(l => l[0], l => l[1].Trim(), StringComparer.OrdinalIgnoreCase);
        if (status != 101)
        {
            throw new HandshakeRefusedException(status, await ReadBodyAsync(answer));
        }
        var expected = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
        Xunit.Assert.Equal(expected, answer["Sec-WebSocket-Accept"]);
        Xunit.Assert.DoesNotContain("Sec-WebSocket-Extensions", answer.Keys);
        Xunit.Assert.DoesNotContain("Sec-WebSocket-Protocol", answer.Keys);
    }

    private async Task<string> ReadBodyAsync(Dictionary<string, string> answer)
    {
        // The agent decodes about the first kilobyte.
        var bytes = new byte[1024];
        var length = 0;
        var expected = answer.TryGetValue("Content-Length", out var text) ? Math.Min(int.Parse(text), bytes.Length) : bytes.Length;
        while (length < expected)
        {
            var read = await _stream.ReadAsync(bytes.AsMemory(length)).AsTask().WaitAsync(Patience);
            if (read == 0)
            {
                break;
            }
            length += read;
            if (Encoding.UTF8.GetString(bytes, 0, length).EndsWith("0\r\n\r\n", StringComparison.Ordinal))
            {
                break;
            }
        }
        return Encoding.UTF8.GetString(bytes, 0, length);
    }

    /// <summary>The next text message, or null with <paramref name="ended"/> told when the session is over.</summary>
    public async Task<string?> ReceiveAsync(Action<SessionEnd> ended)
    {
        var message = new MemoryStream();
        try
        {
            while (true)
            {
                var (fin, code, payload) = await ReadFrameAsync();
                switch (code)
                {
                    case Ping:
                        Pings++;
                        await SendAsync(Pong, payload);
                        break;
                    case Pong:
                        break;
                    case Close:
                        var end = payload.Length >= 2
                            ? new SessionEnd(BinaryPrimitives.ReadUInt16BigEndian(payload), Encoding.UTF8.GetString(payload.AsSpan(2)))
                            : new SessionEnd(1005, "");
                        if (!_closeSent)
                        {
                            await SendAsync(Close, payload.Length >= 2 ? payload[..2] : []);
                        }
                        ended(end);
                        return null;
                    case Text when message.Length == 0:
                    case Continuation:
                        message.Write(payload);
                        if (fin)
                        {
                            return new UTF8Encoding(false, true).GetString(message.GetBuffer(), 0, (int)message.Length);
                        }
                        break;
                    default:
                        throw new InvalidDataException($"§3.3: a frame with opcode {code}");
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            ended(new SessionEnd(1006, e.Message));
            return null;
        }
    }

    private async Task<(bool Fin, byte Code, byte[] Payload)> ReadFrameAsync()
    {
        var head = new byte[2];
        await ReadExactlyAsync(head);
        Xunit.Assert.Equal(0, head[0] & 0x70);
        Xunit.Assert.Equal(0, head[1] & 0x80);
        long length = head[1] & 0x7F;
        if (length >= 126)
        {
            var more = new byte[length == 126 ? 2 : 8];
            await ReadExactlyAsync(more);
            length = more.Length == 2 ? BinaryPrimitives.ReadUInt16BigEndian(more) : BinaryPrimitives.ReadInt64BigEndian(more);
        }
        var payload = new byte[length];
        await ReadExactlyAsync(payload);
        return ((head[0] & 0x80) != 0, (byte)(head[0] & 0x0F), payload);
    }

    private async ValueTask ReadExactlyAsync(byte[] into) => await _stream.ReadExactlyAsync(into);

    public Task SendTextAsync(string text) => SendAsync(Text, Encoding.UTF8.GetBytes(text));

    /// <summary>One frame, masked as a client's must be.</summary>
    public async Task SendAsync(byte code, ReadOnlyMemory<byte> payload, bool fin = true)
    {
        _closeSent |= code == Close;
        var frame = new MemoryStream();
        frame.WriteByte((byte)((fin ? 0x80 : 0) | code));
        if (payload.Length < 126)
        {
            frame.WriteByte((byte)(0x80 | payload.Length));
        }
        else
        {
            var wide = payload.Length > ushort.MaxValue;
            frame.WriteByte(wide ? (byte)0xFF : (byte)0xFE);
            var length = new byte[8];
            BinaryPrimitives.WriteInt64BigEndian(length, payload.Length);
            frame.Write(wide ? length : length.AsSpan(6));
        }
        var mask = RandomNumberGenerator.GetBytes(4);
        frame.Write(mask);
        var masked = payload.ToArray();
        for (var i = 0; i < masked.Length; i++)
        {
            masked[i] ^= mask[i & 3];
        }
        frame.Write(masked);
        await _writing.WaitAsync();
        try
        {
            await _stream.WriteAsync(frame.GetBuffer().AsMemory(0, (int)frame.Length));
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Bytes as they are, for what is no frame at all.</summary>
    public async Task SendRawAsync(ReadOnlyMemory<byte> bytes) => await _stream.WriteAsync(bytes);

    public Task SendCloseAsync(int code, string reason)
    {
        var payload = new byte[2 + Encoding.UTF8.GetByteCount(reason)];
        BinaryPrimitives.WriteUInt16BigEndian(payload, (ushort)code);
        Encoding.UTF8.GetBytes(reason, payload.AsSpan(2));
        return SendAsync(Close, payload);
    }

    /// <summary>Ends the connection with a reset, as a machine does that loses its power and comes back.</summary>
    public void Abort()
    {
        if (_tcp.Client is { } socket)
        {
            socket.LingerState = new LingerOption(true, 0);
            _tcp.Close();
        }
    }

    public void Dispose()
    {
        _tcp.Dispose();
        _stream.Dispose();
    }
}
