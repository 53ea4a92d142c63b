using System.Buffers;
using Longspan.Api.Shapes;
using Microsoft.AspNetCore.Http;

namespace Longspan.Server.Endpoint;

/// <summary>
/// Reads whole request bodies, because their hash is part of the signature. A body has a bound per service, and all bodies in
/// memory together have one too: beyond it a request waits its turn for a moment and is then refused. Bodies up to
/// <see cref="FreeBytes"/> do not count; the number of connections bounds those.
/// </summary>
internal sealed class BodyReader : IDisposable
{
    /// <summary>Most services' requests are far below this; AWS's own bound for JSON services is of this order.</summary>
    private const int DefaultBytes = 2 * 1024 * 1024;
    private const int TotalMib = 256;
    private const int FreeBytes = 16 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    /// <summary>Long enough for the largest body over a slow link; short enough that nobody keeps a share of the total by dripping.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    // In MiB-sized permits: exact bytes would make every request take a lock more than once.
    private readonly SemaphoreSlim _total = new(TotalMib, TotalMib);

    /// <summary>The bound for a service's requests, in bytes.</summary>
    public static int LimitOf(string? signingName) => signingName switch
    {
        // A batch of 1 MiB, with attributes and JSON or form escapes.
        "sqs" => 4 * 1024 * 1024,
        // UploadLayerPart carries up to 20 MiB, in base64.
        "ecr" => 28 * 1024 * 1024,
        // Contents of objects are sealed and read whole.
        "s3" => 64 * 1024 * 1024,
        _ => DefaultBytes,
    };

    /// <summary>The body, or null when it is larger than the limit. Dispose what is returned after the answer.</summary>
    public async ValueTask<Body?> ReadAsync(HttpRequest request, int limit, CancellationToken stop)
    {
        if (request.ContentLength > limit)
        {
            return null;
        }
        // HTTP/2 has no such header: there a body of unknown length may be an empty one, which the first read tells.
        if (request.ContentLength is 0
            || request.ContentLength is null && !request.Headers.ContainsKey("Transfer-Encoding") && !HttpProtocol.IsHttp2(request.Protocol))
        {
            return Body.Empty;
        }
        if (request.ContentLength <= FreeBytes)
        {
            return await ReadWithinAsync(request, limit, stop);
        }
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(Deadline);
        try
        {
            return await ReadWithinAsync(request, limit, deadline.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new AwsError("RequestTimeout", $"The request body did not arrive within {Deadline.TotalSeconds:0} seconds.", 408);
        }
    }

    private async ValueTask<Body?> ReadWithinAsync(HttpRequest request, int limit, CancellationToken stop)
    {
        var taken = 0;
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(request.ContentLength ?? FreeBytes, Math.Min(limit, FreeBytes)) + 1);
        try
        {
            var length = 0;
            while (true)
            {
                var read = await request.Body.ReadAsync(buffer.AsMemory(length), stop);
                if (read == 0)
                {
                    var body = new Body(buffer, length, _total, taken);
                    (buffer, taken) = ([], 0);
                    return body;
                }
                length += read;
                if (length > limit)
                {
                    return null;
                }
                if (length == buffer.Length)
                {
                    var size = Math.Min(buffer.Length * 2, limit + 1);
                    // What is held counts, not what is announced: connections that announce much and send little must not use up the total.
                    for (; taken < PermitsOf(size); taken++)
                    {
                        if (!await _total.WaitAsync(Patience, stop))
                        {
                            throw new AwsError("ServiceUnavailable", "The server is reading too many large requests at once; try again.", 503);
                        }
                    }
                    var larger = ArrayPool<byte>.Shared.Rent(size);
                    buffer.AsSpan(0, length).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }
            }
        }
        finally
        {
            if (buffer.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
            if (taken > 0)
            {
                _total.Release(taken);
            }
        }
    }

    private static int PermitsOf(int bytes) => Math.Min(bytes + (1 << 20) - 1 >> 20, TotalMib);

    public void Dispose() => _total.Dispose();

    /// <summary>A body on a pooled buffer.</summary>
    internal sealed class Body(byte[] buffer, int length, SemaphoreSlim? total, int permits) : IDisposable
    {
        public static readonly Body Empty = new([], 0, null, 0);

        private bool _returned;

        public ReadOnlyMemory<byte> Memory { get; } = buffer.AsMemory(0, length);

        /// <summary>Gives the buffer back; nobody may look at <see cref="Memory"/> afterwards. A second call does nothing.</summary>
        public void Dispose()
        {
            if (total is not null && !_returned)
            {
                _returned = true;
                ArrayPool<byte>.Shared.Return(buffer);
                if (permits > 0)
                {
                    total.Release(permits);
                }
            }
        }
    }
}
