using Longspan.Server.Endpoint;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Longspan.Core.Tests.Server;

public sealed class BodyReaderTests : IDisposable
{
    private const int Limit = 1024 * 1024;
    private readonly BodyReader _bodies = new();

    public void Dispose() => _bodies.Dispose();

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(64 * 1024, false)]
    [InlineData(300_000, false)]
    [InlineData(Limit, false)]
    [InlineData(0, true)]
    [InlineData(16 * 1024, true)]
    [InlineData(16 * 1024 + 1, true)]
    [InlineData(300_000, true)]
    [InlineData(Limit, true)]
    public async Task A_body_is_read_whole_and_gives_everything_back(int length, bool chunked)
    {
        var sent = new byte[length];
        new Random(length).NextBytes(sent);
        // More often than all permits would last if any were lost.
        for (var i = 0; i < 300; i++)
        {
            using var body = await _bodies.ReadAsync(Request(new MemoryStream(sent), chunked ? null : length), Limit, default);
            Assert.True(body!.Memory.Span.SequenceEqual(sent));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_beyond_its_limit_is_none(bool chunked)
    {
        Assert.Null(await _bodies.ReadAsync(Request(new MemoryStream(new byte[Limit + 1]), chunked ? null : Limit + 1), Limit, default));
    }

    private static HttpRequest Request(Stream body, long? length)
    {
        var request = new DefaultHttpContext().Request;
        request.Body = body;
        request.ContentLength = length;
        if (length is null)
        {
            request.Headers.TransferEncoding = "chunked";
        }
        return request;
    }
}
