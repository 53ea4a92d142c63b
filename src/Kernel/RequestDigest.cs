using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Longspan.Api.Shapes;

namespace Longspan.Kernel;

/// <summary>
/// Says in a few bytes what a list request asks for: its kind and all its members but those that differ from page to page. Requests with the same
/// digest have the same list.
/// </summary>
internal sealed class RequestDigest : ShapeWriter, IDisposable
{
    public const int Length = 8;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    private RequestDigest()
    {
    }

    public static byte[] Of(Shape request)
    {
        using var digest = new RequestDigest();
        digest.Add(request.Schema.Name);
        request.WriteMembers(digest);
        return digest._hash.GetHashAndReset()[..Length];
    }

    public void Dispose() => _hash.Dispose();

    public override void WriteBoolean(Member member, bool value) => Add(member, value ? "true" : "false");

    public override void WriteInteger(Member member, int value) => WriteLong(member, value);

    public override void WriteLong(Member member, long value) => Add(member, value.ToString(CultureInfo.InvariantCulture));

    public override void WriteFloat(Member member, float value) => WriteDouble(member, value);

    public override void WriteDouble(Member member, double value) => Add(member, value.ToString("R", CultureInfo.InvariantCulture));

    public override void WriteString(Member member, string value) => Add(member, value);

    public override void WriteBlob(Member member, ReadOnlyMemory<byte> value) => Add(member, Convert.ToBase64String(value.Span));

    public override void WriteTimestamp(Member member, DateTimeOffset value) => Add(member, value.UtcTicks.ToString(CultureInfo.InvariantCulture));

    public override void WriteDocument(Member member, JsonElement value) => Add(member, value.GetRawText());

    public override void WriteStructure(Member member, Shape value)
    {
        Add(member, "{");
        value.WriteMembers(this);
        Add("}");
    }

    public override void WriteList<T>(Member member, IReadOnlyList<T> values, Action<ShapeWriter, Member, T> item)
    {
        Add(member, values.Count.ToString(CultureInfo.InvariantCulture));
        foreach (var value in values)
        {
            item(this, member.Item!, value);
        }
    }

    public override void WriteMap<T>(Member member, IReadOnlyDictionary<string, T> values, Action<ShapeWriter, Member, T> item)
    {
        Add(member, values.Count.ToString(CultureInfo.InvariantCulture));
        foreach (var (key, value) in values.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Add(key);
            item(this, member.Value!, value);
        }
    }

    private void Add(Member member, string value)
    {
        if (member.Name is not ("NextToken" or "MaxResults"))
        {
            Add(member.Name);
            Add(value);
        }
    }

    // Each text after its length, so that no two rows of texts are the same bytes.
    private void Add(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        _hash.AppendData(BitConverter.GetBytes(bytes.Length));
        _hash.AppendData(bytes);
    }
}
