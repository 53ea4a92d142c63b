using System.Net;
using System.Text;
using Longspan.System.Tests.Clients;
using Xunit;

namespace Longspan.System.Tests.Queues;

/// <summary>A server that speaks SQS and has no extension, such as Amazon's own.</summary>
public sealed class ForeignServerTests
{
    [Fact]
    public async Task Depths_are_listed_without_ages_and_peek_says_why_it_cannot()
    {
        await using var server = new ForeignServer();
        string[] where = ["--endpoint", server.Url, "--output", "text"];
        var keys = new Dictionary<string, string> { ["AWS_ACCESS_KEY_ID"] = "AKIAAAAAAAAAAAAAAAAA", ["AWS_SECRET_ACCESS_KEY"] = "secret" };
        var listed = await Tool.RunAsync("dotnet", [QueueSite.Program, "queue", "list", .. where], environment: keys);
        Assert.Contains("│ one   │ 7 ", listed.Succeeded());
        Assert.Contains("│ two   │ 7 ", listed.Output);
        Assert.Contains("does not tell ages", listed.Error);
        var peeked = await Tool.RunAsync("dotnet", [QueueSite.Program, "queue", "peek", "one", .. where], environment: keys);
        Assert.Contains("is a Longspan extension", peeked.Failed());
    }

    private sealed class ForeignServer : IAsyncDisposable
    {
        private readonly HttpListener _listener;
        private readonly Task _serving;

        public ForeignServer()
        {
            (_listener, Url) = Listen();
            _serving = ServeAsync();
        }

        public string Url { get; }

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _serving;
            _listener.Close();
        }

        // A listener cannot ask for a free port.
        private static (HttpListener, string) Listen()
        {
            for (var port = 41_000 + Environment.ProcessId % 10_000; ; port++)
            {
                var listener = new HttpListener();
                listener.Prefixes.Add($"http://127.0.0.1:{port}/");
                try
                {
                    listener.Start();
                    return (listener, $"http://127.0.0.1:{port}");
                }
                catch (HttpListenerException) when (port < 60_000)
                {
                    listener.Close();
                }
            }
        }

        private async Task ServeAsync()
        {
            while (true)
            {
                HttpListenerContext call;
                try
                {
                    call = await _listener.GetContextAsync();
                }
                catch (Exception ended) when (ended is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }
                var (status, answer) = call.Request.Headers["X-Amz-Target"] switch
                {
                    "AmazonSQS.ListQueues" => (200, """{"QueueUrls":["http://sqs/123456789012/one","http://sqs/123456789012/two"]}"""),
                    "AmazonSQS.GetQueueUrl" => (200, """{"QueueUrl":"http://sqs/123456789012/one"}"""),
                    "AmazonSQS.GetQueueAttributes" => (200, """{"Attributes":{"ApproximateNumberOfMessages":"7","QueueArn":"arn:aws:sqs:us-east-1:123456789012:one"}}"""),
                    _ => (400, """{"__type":"com.amazon.coral.service#UnknownOperationException"}"""),
                };
                call.Response.StatusCode = status;
                call.Response.ContentType = "application/x-amz-json-1.0";
                await call.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(answer));
                call.Response.Close();
            }
        }
    }
}
