using System.Text;
using Longspan.Api.Sqs;
using Longspan.Services.Sqs.Documents;
using Longspan.Store;
using Longspan.Store.Documents;
using Longspan.Store.Messages;
using Longspan.Support;
using Xunit;

namespace Longspan.Core.Tests.Sqs;

/// <summary>Encryption at rest, as a client and as a reader of the files see it.</summary>
public sealed class SealingTests
{
    private const string Body = "marker-body-7f3a91";
    private const string Value = "marker-value-7f3a91";
    private const string Trace = "Root=1-7f3a91aa-marker00000000000000trace";

    [Theory]
    [InlineData(true)]
    [InlineData(true, "SqsManagedSseEnabled", "true")]
    [InlineData(true, "KmsMasterKeyId", "alias/aws/sqs")]
    [InlineData(false, "SqsManagedSseEnabled", "false")]
    public async Task FilesShowContentOnlyWhereEncryptionIsOff(bool hidden, string? name = null, string value = "")
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders", name is null ? [] : [(name, value)]);
        await SendMarkedAsync(sqs, url);
        Check();
        // Closing writes what is alive to SQLite.
        await sqs.RestartAsync();
        await using (var probe = new SqliteProbe(Path.Combine(sqs.Folder, "messages", "messages.db")))
        {
            Assert.Equal(1, probe.Count("payload"));
        }
        Check();
        var message = Assert.Single(await sqs.ReceiveAsync(url, visibility: 1));
        Check();
        Assert.Equal(Body, message.Body);
        Assert.Equal(Value, message.MessageAttributes!["a"].StringValue);
        Assert.Equal(Encoding.UTF8.GetBytes(Value), message.MessageAttributes["b"].BinaryValue!.Value.ToArray());
        Assert.Equal(Trace, message.Attributes!["AWSTraceHeader"]);

        void Check() => Assert.All([Body, Value, Trace], text => Assert.Equal(hidden, Traces.Of(text, sqs.Folder).Count == 0));
    }

    [Fact]
    public async Task FlagsDecideAboutNewMessagesAndOldOnesStayReadable()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        await sqs.SendAsync(url, "first-sealed");
        await SetAsync(sqs, url, ("SqsManagedSseEnabled", "false"));
        await sqs.SendAsync(url, "second-clear");
        await SetAsync(sqs, url, ("KmsMasterKeyId", "alias/mine"));
        await sqs.SendAsync(url, "third-sealed");
        await sqs.RestartAsync();
        Assert.Empty(Traces.Of("first-sealed", sqs.Folder));
        Assert.NotEmpty(Traces.Of("second-clear", sqs.Folder));
        Assert.Empty(Traces.Of("third-sealed", sqs.Folder));
        Assert.Equal(["first-sealed", "second-clear", "third-sealed"], (await sqs.ReceiveAsync(url)).Select(m => m.Body));
    }

    [Fact]
    public async Task OneKindOfEncryptionAtATime()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var both = await Assert.ThrowsAsync<InvalidAttributeName>(
            () => sqs.CreateAsync("orders", ("KmsMasterKeyId", "alias/mine"), ("SqsManagedSseEnabled", "true")));
        Assert.Contains("one type of server-side encryption", both.Message);
        var url = await sqs.CreateAsync("orders", ("KmsMasterKeyId", "alias/mine"), ("SqsManagedSseEnabled", "false"));
        await SetAsync(sqs, url, ("SqsManagedSseEnabled", "true"));
        var managed = await sqs.AttributesAsync(url, "All");
        Assert.Equal("true", managed["SqsManagedSseEnabled"]);
        Assert.False(managed.ContainsKey("KmsMasterKeyId"));
        await SetAsync(sqs, url, ("KmsMasterKeyId", "alias/mine"), ("KmsDataKeyReusePeriodSeconds", "86400"));
        var named = await sqs.AttributesAsync(url, "All");
        Assert.Equal(("false", "alias/mine", "86400"), (named["SqsManagedSseEnabled"], named["KmsMasterKeyId"], named["KmsDataKeyReusePeriodSeconds"]));
        await Assert.ThrowsAsync<InvalidAttributeName>(() => SetAsync(sqs, url, ("KmsMasterKeyId", "alias/mine"), ("SqsManagedSseEnabled", "TRUE")));
        foreach (var wrong in (string[])["59", "86401", "soon"])
        {
            await Assert.ThrowsAsync<InvalidAttributeValue>(() => SetAsync(sqs, url, ("KmsDataKeyReusePeriodSeconds", wrong)));
        }
    }

    [Fact]
    public async Task ANewKeyEveryDayAndEveryOldOneKept()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        Assert.Empty(await KeysAsync(sqs));
        await sqs.SendAsync(url, "day 1");
        sqs.Clock.Advance(TimeSpan.FromHours(23));
        await sqs.RestartAsync();
        await sqs.SendAsync(url, "day 1, later");
        Assert.Single(await KeysAsync(sqs));
        sqs.Clock.Advance(TimeSpan.FromHours(1));
        await sqs.SendAsync(url, "day 2");
        sqs.Clock.Advance(TimeSpan.FromHours(24));
        await sqs.RestartAsync();
        Assert.Equal(2, (await KeysAsync(sqs)).Count);
        await sqs.SendAsync(url, "day 3");
        Assert.Equal(3, (await KeysAsync(sqs)).Count);
        await sqs.RestartAsync();
        Assert.Equal(["day 1", "day 1, later", "day 2", "day 3"], (await sqs.ReceiveAsync(url)).Select(m => m.Body));
    }

    [Fact]
    public async Task PayloadsThatEarlierVersionsStoredInClearAreRead()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var url = await sqs.CreateAsync("orders");
        var queue = (await sqs.Store.Documents.ListAllAsync(QueueDocument.Kind, default)).Single().Value.Id;
        await sqs.Module.Messages.SendAsync(queue, [new NewMessage(Guid.CreateVersion7(), ClearLayout("stored by an earlier version"))], default);
        await sqs.RestartAsync();
        var message = Assert.Single(await sqs.ReceiveAsync(url));
        Assert.Equal("stored by an earlier version", message.Body);
        Assert.Equal("AIDAOLD", message.Attributes!["SenderId"]);
        Assert.Equal([1, 2, 3], message.MessageAttributes!["n"].BinaryValue!.Value.ToArray());
    }

    [Fact]
    public async Task SealedMessagesMoveToDeadLettersAndBack()
    {
        await using var sqs = await SqsFixture.StartAsync();
        var dead = await sqs.CreateAsync("dead");
        var arn = (await sqs.AttributesAsync(dead, "QueueArn"))["QueueArn"];
        var url = await sqs.CreateAsync("orders", ("RedrivePolicy", $$"""{"deadLetterTargetArn":"{{arn}}","maxReceiveCount":1}"""));
        await SendMarkedAsync(sqs, url);
        await sqs.ReceiveAsync(url, visibility: 1);
        sqs.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Empty(await sqs.ReceiveAsync(url));
        await sqs.RestartAsync();
        Assert.Equal(Body, Assert.Single(await sqs.ReceiveAsync(dead, visibility: 0)).Body);
        await sqs.Do(SqsOperations.StartMessageMoveTask, new StartMessageMoveTaskRequest { SourceArn = arn });
        var start = TimeProvider.System.GetTimestamp();
        while ((await sqs.DepthAsync(url)).Visible == 0)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(60), "the message is not moved back");
            sqs.Clock.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }
        var message = Assert.Single(await sqs.ReceiveAsync(url));
        Assert.Equal((Body, Value), (message.Body, message.MessageAttributes!["a"].StringValue));
        Assert.Empty(Traces.Of(Body, sqs.Folder));
    }

    [Fact]
    public async Task AResetForgetsTheKeysAndTheNextMessageGetsANewOne()
    {
        await using var sqs = await SqsFixture.StartAsync();
        await sqs.SendAsync(await sqs.CreateAsync("orders"), "before");
        var before = Assert.Single(await KeysAsync(sqs)).Key.Name;
        await sqs.Store.ResetAsync(default);
        await sqs.Module.ResetAsync(default);
        var url = await sqs.CreateAsync("orders");
        await sqs.SendAsync(url, "after");
        Assert.NotEqual(before, Assert.Single(await KeysAsync(sqs)).Key.Name);
        await sqs.RestartAsync();
        Assert.Equal("after", Assert.Single(await sqs.ReceiveAsync(url)).Body);
    }

    [Fact]
    public async Task ACopyWithoutTheKeyFileTellsNothingAndDoesNotOpen()
    {
        var copy = Directory.CreateTempSubdirectory("longspan-copy-");
        var clock = new ManualClock();
        await using (var sqs = await SqsFixture.StartAsync(clock))
        {
            await SendMarkedAsync(sqs, await sqs.CreateAsync("orders"));
            await sqs.RestartAsync();
            var key = Assert.Single(await KeysAsync(sqs)).Value.Key;
            Assert.Empty(Traces.Of(Convert.ToBase64String(key), sqs.Folder));
            Traces.Copy(sqs.Folder, copy.FullName);
        }
        var file = Path.Combine(copy.FullName, "keys", "seal.key");
        var genuine = await File.ReadAllBytesAsync(file);
        File.Delete(file);
        Assert.Empty(Traces.Of(Body, copy.FullName));
        var missing = await Assert.ThrowsAsync<InvalidDataException>(async () => await StoreFolder.OpenAsync(copy.FullName, clock));
        Assert.Contains("Put the key file back", missing.Message);

        await File.WriteAllBytesAsync(file, new byte[genuine.Length]);
        var wrong = await Assert.ThrowsAsync<SealException>(() => SqsFixture.StartAsync(clock, copy.FullName));
        Assert.Contains("another key than this data folder's key file holds", wrong.Message);

        await File.WriteAllBytesAsync(file, genuine);
        await using (var sqs = await SqsFixture.StartAsync(clock, copy.FullName))
        {
            Assert.Equal(Body, Assert.Single(await sqs.ReceiveAsync("orders")).Body);
        }
        copy.Delete(recursive: true);
    }

    private static Task SendMarkedAsync(SqsFixture sqs, string url) =>
        sqs.Do(SqsOperations.SendMessage, new SendMessageRequest
        {
            QueueUrl = url,
            MessageBody = Body,
            MessageAttributes = new()
            {
                ["a"] = new() { DataType = "String", StringValue = Value },
                ["b"] = new() { DataType = "Binary", BinaryValue = Encoding.UTF8.GetBytes(Value) },
            },
            MessageSystemAttributes = new() { ["AWSTraceHeader"] = new() { DataType = "String", StringValue = Trace } },
        });

    private static Task<SetQueueAttributesResponse> SetAsync(SqsFixture sqs, string url, params (string Name, string Value)[] attributes) =>
        sqs.Do(SqsOperations.SetQueueAttributes, new SetQueueAttributesRequest
        {
            QueueUrl = url, Attributes = attributes.ToDictionary(a => a.Name, a => a.Value),
        });

    private static async Task<IReadOnlyList<Document<MessageKeyDocument>>> KeysAsync(SqsFixture sqs) =>
        await sqs.Store.Documents.ListAllAsync(MessageKeyDocument.Kind, default);

    /// <summary>Layout 1, byte by byte: sender, no trace header, no deduplication id, body, one binary attribute.</summary>
    private static byte[] ClearLayout(string body) =>
    [
        1, .. new byte[16], 1, .. new byte[16],
        .. Text("AIDAOLD"), 255, 255, 255, 255, 255, 255, 255, 255, .. Text(body),
        1, .. Text("n"), .. Text("Binary"), 1, 3, 0, 0, 0, 1, 2, 3,
    ];

    private static byte[] Text(string text) => [.. BitConverter.GetBytes(text.Length), .. Encoding.UTF8.GetBytes(text)];
}
