using System.Text;
using System.Text.Json;
using Longspan.Api.LongspanQueues;

namespace Longspan.Cli.Queues;

/// <summary>Messages as programs read them: one document, written as the pages come, so that its size does not matter.</summary>
internal sealed class MessageDocument : IDisposable
{
    private readonly Stream _output = Console.OpenStandardOutput();
    private readonly Utf8JsonWriter _writer;

    public MessageDocument(string queue)
    {
        _writer = new Utf8JsonWriter(_output, new JsonWriterOptions { Indented = true });
        _writer.WriteStartObject();
        _writer.WriteString("queue", queue);
        _writer.WriteStartArray("messages");
    }

    public void Add(PeekedMessage message)
    {
        Write(_writer, message);
        _writer.Flush();
    }

    /// <summary>Completes the document. One that is not completed is no JSON, so that nobody takes a part for the whole.</summary>
    public void End()
    {
        _writer.WriteEndArray();
        _writer.WriteEndObject();
        _writer.Flush();
        _output.WriteByte((byte)'\n');
    }

    public void Dispose()
    {
        _writer.Dispose();
        _output.Dispose();
    }

    /// <summary>One message on one line.</summary>
    public static string Line(PeekedMessage message)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            Write(writer, message);
        }
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static void Write(Utf8JsonWriter writer, PeekedMessage message)
    {
        writer.WriteStartObject();
        writer.WriteString("messageId", message.MessageId);
        writer.WriteString("state", message.State);
        if (message.VisibleTimestamp is { } visible)
        {
            writer.WriteNumber("visibleTimestamp", visible);
        }
        writer.WriteStartObject("attributes");
        foreach (var (name, value) in message.Attributes ?? [])
        {
            writer.WriteString(name, value);
        }
        writer.WriteEndObject();
        writer.WriteStartObject("messageAttributes");
        foreach (var (name, value) in message.MessageAttributes ?? [])
        {
            writer.WriteStartObject(name);
            writer.WriteString("dataType", value.DataType);
            if (value.BinaryValue is { } bytes)
            {
                writer.WriteBase64String("binaryValue", bytes.Span);
            }
            else
            {
                writer.WriteString("stringValue", value.StringValue);
            }
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
        writer.WriteString("md5OfBody", message.MD5OfBody);
        writer.WriteString("body", message.Body);
        writer.WriteEndObject();
    }
}
