using System.Text;

namespace Longspan.AgentLink;

/// <summary>
/// Agent-to-server frames of the telemetry socket: a block of HTTP-style headers that sign the frame, an empty line, then the JSON
/// envelope. A frame that starts with a brace has no header block.
/// </summary>
public static class TelemetryFrame
{
    private const int MaxHeaderBytes = 16 * 1024;

    public static byte[] Join(IEnumerable<KeyValuePair<string, string>> headers, ReadOnlySpan<byte> json)
    {
        var block = new StringBuilder();
        foreach (var (name, value) in headers)
        {
            block.Append(name).Append(": ").Append(value).Append("\r\n");
        }
        block.Append("\r\n");
        var head = Encoding.ASCII.GetBytes(block.ToString());
        var frame = new byte[head.Length + json.Length];
        head.CopyTo(frame, 0);
        json.CopyTo(frame.AsSpan(head.Length));
        return frame;
    }

    /// <summary>False when the frame has neither a brace first nor a complete header block.</summary>
    public static bool TrySplit(ReadOnlyMemory<byte> frame, out IReadOnlyDictionary<string, string> headers, out ReadOnlyMemory<byte> json)
    {
        var found = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        headers = found;
        json = frame;
        if (frame.Length > 0 && frame.Span[0] == (byte)'{')
        {
            return true;
        }
        var end = frame.Span[..Math.Min(frame.Length, MaxHeaderBytes)].IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return false;
        }
        foreach (var line in Encoding.ASCII.GetString(frame.Span[..end]).Split("\r\n"))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0)
            {
                return false;
            }
            found[line[..colon]] = line[(colon + 1)..].Trim();
        }
        json = frame[(end + 4)..];
        return true;
    }
}
