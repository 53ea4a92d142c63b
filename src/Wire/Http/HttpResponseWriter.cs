using System.Globalization;
using System.Text.Json;
using Longspan.Api.Shapes;

namespace Longspan.Wire.Http;

/// <summary>
/// Stands between a response and the writer of its body: members that HTTP carries elsewhere become headers, the status or a raw body.
/// Only the top level passes through here; what is nested is the body writer's own.
/// </summary>
internal sealed class HttpResponseWriter(ShapeWriter body, PooledBuffer buffer, WireResponse response, Action<Member, Shape> writePayload) : ShapeWriter
{
    /// <summary>Not null while the items of a header list or map are collected instead of written.</summary>
    private List<string>? _items;

    public override void WriteBoolean(Member member, bool value)
    {
        if (!Bound(member, value ? "true" : "false"))
        {
            body.WriteBoolean(member, value);
        }
    }

    public override void WriteInteger(Member member, int value)
    {
        if (member.Location == HttpLocation.StatusCode)
        {
            response.Status = value;
        }
        else if (!Bound(member, value.ToString(CultureInfo.InvariantCulture)))
        {
            body.WriteInteger(member, value);
        }
    }

    public override void WriteLong(Member member, long value)
    {
        if (!Bound(member, value.ToString(CultureInfo.InvariantCulture)))
        {
            body.WriteLong(member, value);
        }
    }

    public override void WriteFloat(Member member, float value)
    {
        if (!Bound(member, Text.Number(value)))
        {
            body.WriteFloat(member, value);
        }
    }

    public override void WriteDouble(Member member, double value)
    {
        if (!Bound(member, Text.Number(value)))
        {
            body.WriteDouble(member, value);
        }
    }

    public override void WriteString(Member member, string value)
    {
        if (member.Location == HttpLocation.Payload && _items is null)
        {
            buffer.Append(value);
            response.ContentType ??= "text/plain";
        }
        else if (!Bound(member, value))
        {
            body.WriteString(member, value);
        }
    }

    public override void WriteBlob(Member member, ReadOnlyMemory<byte> value)
    {
        if (member.Location == HttpLocation.Payload && _items is null)
        {
            buffer.Append(value.Span);
            response.ContentType ??= "application/octet-stream";
        }
        else if (!Bound(member, Convert.ToBase64String(value.Span)))
        {
            body.WriteBlob(member, value);
        }
    }

    public override void WriteTimestamp(Member member, DateTimeOffset value)
    {
        var format = member.TimestampFormat == TimestampFormat.ProtocolDefault ? TimestampFormat.HttpDate : member.TimestampFormat;
        if (!Bound(member, Text.Timestamp(value, format)))
        {
            body.WriteTimestamp(member, value);
        }
    }

    public override void WriteDocument(Member member, JsonElement value)
    {
        if (!Bound(member, Convert.ToBase64String(Text.Utf8.GetBytes(value.GetRawText()))))
        {
            body.WriteDocument(member, value);
        }
    }

    public override void WriteStructure(Member member, Shape value)
    {
        if (member.Location == HttpLocation.Payload)
        {
            writePayload(member, value);
        }
        else
        {
            body.WriteStructure(member, value);
        }
    }

    public override void WriteList<T>(Member member, IReadOnlyList<T> values, Action<ShapeWriter, Member, T> item)
    {
        if (member.Location != HttpLocation.Header)
        {
            body.WriteList(member, values, item);
            return;
        }
        _items = [];
        for (var i = 0; i < values.Count; i++)
        {
            item(this, member.Item!, values[i]);
        }
        var text = string.Join(", ", _items.Select(Quoted));
        _items = null;
        if (values.Count > 0)
        {
            Header(member.LocationName!, text);
        }
    }

    public override void WriteMap<T>(Member member, IReadOnlyDictionary<string, T> values, Action<ShapeWriter, Member, T> item)
    {
        if (member.Location != HttpLocation.PrefixHeaders)
        {
            body.WriteMap(member, values, item);
            return;
        }
        foreach (var (key, value) in values)
        {
            _items = [];
            item(this, member.Value!, value);
            var text = _items.FirstOrDefault() ?? "";
            _items = null;
            if (key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            {
                Header((member.LocationName ?? "") + key, text);
            }
        }
    }

    private bool Bound(Member member, string text)
    {
        if (_items is not null)
        {
            _items.Add(text);
            return true;
        }
        if (member.Location == HttpLocation.Header)
        {
            Header(member.LocationName!, text);
            return true;
        }
        return member.Location != HttpLocation.Body;
    }

    private void Header(string name, string text)
    {
        if (name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase))
        {
            response.ContentType = Safe(text);
        }
        else if (name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
        {
            // Of a body the server tells the length itself.
            response.ToldLength = long.Parse(text, CultureInfo.InvariantCulture);
        }
        else
        {
            response.With(name, Safe(text));
        }
    }

    /// <summary>What a header cannot carry goes as an RFC 2047 encoded word, as S3 sends metadata that is not ASCII.</summary>
    private static string Safe(string text) =>
        text.All(c => c is >= ' ' and < '\x7f') ? text : $"=?UTF-8?B?{Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text))}?=";

    private static string Quoted(string item) =>
        item.AsSpan().IndexOfAny(',', '"') >= 0 && !item.EndsWith(" GMT", StringComparison.Ordinal)
            ? "\"" + item.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\""
            : item;
}
