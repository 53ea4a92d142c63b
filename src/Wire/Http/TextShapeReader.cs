using System.Text.Json;
using Longspan.Api.Shapes;

namespace Longspan.Wire.Http;

/// <summary>Reads a member that is carried as text outside the body: a label, a header, a query parameter, or a whole payload.</summary>
internal sealed class TextShapeReader : ShapeReader
{
    private readonly IReadOnlyList<string> _texts = [];
    private readonly Dictionary<string, List<string>>? _map;
    private readonly ReadOnlyMemory<byte>? _bytes;
    private int _at;

    public TextShapeReader(params IReadOnlyList<string> texts) => _texts = texts;

    public TextShapeReader(Dictionary<string, List<string>> map) => _map = map;

    public TextShapeReader(ReadOnlyMemory<byte> payload) => _bytes = payload;

    public override bool ReadBoolean(Member member) => Text.ParseBoolean(Value);
    public override int ReadInteger(Member member) => Text.ParseInteger(Value);
    public override long ReadLong(Member member) => Text.ParseLong(Value);
    public override float ReadFloat(Member member) => (float)Text.ParseDouble(Value);
    public override double ReadDouble(Member member) => Text.ParseDouble(Value);
    public override string ReadString(Member member) => _bytes is { } bytes
        ? System.Text.Unicode.Utf8.IsValid(bytes.Span) ? Text.Utf8.GetString(bytes.Span) : throw new MalformedRequestException("Invalid UTF-8")
        : Value;
    /// <summary>A copy: shapes may outlive the request, whose body is on a pooled buffer.</summary>
    public override ReadOnlyMemory<byte> ReadBlob(Member member) => _bytes is { } bytes ? bytes.ToArray() : Text.ParseBase64(Value);
    public override DateTimeOffset ReadTimestamp(Member member) => Text.ParseTimestamp(Value);

    /// <summary>A header that carries a JSON document carries it in base64.</summary>
    public override JsonElement ReadDocument(Member member)
    {
        using var document = JsonDocument.Parse(_bytes ?? Text.ParseBase64(Value), new JsonDocumentOptions { MaxDepth = WireLimits.MaxDepth });
        return document.RootElement.Clone();
    }

    public override T ReadStructure<T>(Member member) => throw new MalformedRequestException("A structure cannot be text");

    public override List<T> ReadList<T>(Member member, Func<ShapeReader, Member, T> item)
    {
        var values = new List<T>(_texts.Count);
        for (_at = 0; _at < _texts.Count; _at++)
        {
            values.Add(item(this, member.Item!));
        }
        return values;
    }

    public override Dictionary<string, T> ReadMap<T>(Member member, Func<ShapeReader, Member, T> item)
    {
        var values = new Dictionary<string, T>(StringComparer.Ordinal);
        foreach (var (key, value) in _map ?? [])
        {
            values[key] = item(new TextShapeReader(value), member.Value!);
        }
        return values;
    }

    private string Value => _texts[_at];
}
