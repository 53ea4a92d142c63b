namespace Longspan.Wire;

/// <summary>An encoded answer. The body is on a pooled buffer: write it out, then dispose.</summary>
public sealed class WireResponse : IDisposable
{
    private readonly PooledBuffer? _buffer;

    internal WireResponse(int status, string? contentType, PooledBuffer? buffer)
    {
        Status = status;
        ContentType = contentType;
        _buffer = buffer;
    }

    public int Status { get; internal set; }
    /// <summary>Null when there is no body.</summary>
    public string? ContentType { get; internal set; }
    /// <summary>Further headers, the request id among them. A name may occur more than once.</summary>
    public List<KeyValuePair<string, string>> Headers { get; } = [];
    /// <summary>The length that the answer to a HEAD tells, of a content that it does not carry. Null when it tells none.</summary>
    public long? ToldLength { get; internal set; }
    public ReadOnlyMemory<byte> Body => _buffer?.WrittenMemory ?? default;

    public void Dispose() => _buffer?.Dispose();

    internal WireResponse With(string name, string value)
    {
        Headers.Add(new(name, value));
        return this;
    }
}
