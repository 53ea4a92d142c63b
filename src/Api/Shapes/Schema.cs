namespace Longspan.Api.Shapes;

/// <summary>The Smithy shape kinds that AWS models use.</summary>
public enum ShapeKind
{
    Boolean, Integer, Long, Float, Double, String, Blob, Timestamp, Document, List, Map, Structure,
}

/// <summary>How a timestamp is spelled when a member does not leave it to the protocol's default.</summary>
public enum TimestampFormat
{
    ProtocolDefault, EpochSeconds, DateTime, HttpDate,
}

/// <summary>Where an HTTP-bound protocol (restJson, restXml) carries a member.</summary>
public enum HttpLocation
{
    Body, Header, PrefixHeaders, Query, QueryParams, Label, Payload, StatusCode,
}

/// <summary>
/// One member of a structure, or the item of a list (<see cref="Item"/>), or the key and value of a map
/// (<see cref="Key"/>, <see cref="Value"/>). Facts from the AWS model only: codecs read them, generated shapes pass them along.
/// </summary>
public sealed class Member
{
    /// <summary>The member's name in the model, and on the JSON, Query and CBOR wires unless another name is given.</summary>
    public required string Name { get; init; }
    /// <summary>Position in the structure; what a generated <c>ReadMember</c> switches on.</summary>
    public int Index { get; init; }
    public required ShapeKind Kind { get; init; }
    public bool Required { get; init; }
    public bool Sensitive { get; init; }
    public bool Streaming { get; init; }
    public bool IdempotencyToken { get; init; }
    public string? JsonName { get; init; }
    public string? XmlName { get; init; }
    public bool XmlFlattened { get; init; }
    public bool XmlAttribute { get; init; }
    public string? XmlNamespace { get; init; }
    /// <summary>The prefix that <see cref="XmlNamespace"/> binds, as in <c>xmlns:xsi</c>.</summary>
    public string? XmlNamespacePrefix { get; init; }
    public TimestampFormat TimestampFormat { get; init; }
    public HttpLocation Location { get; init; }
    /// <summary>Header, prefix or query name when <see cref="Location"/> has one.</summary>
    public string? LocationName { get; init; }
    public bool Sparse { get; init; }

    /// <summary>List items.</summary>
    public Member? Item { get; init; }
    /// <summary>Map keys and values.</summary>
    public Member? Key { get; init; }
    public Member? Value { get; init; }

    public string JsonWireName => JsonName ?? Name;
    public string XmlWireName => XmlName ?? Name;
}

/// <summary>A structure's name and members, in model order.</summary>
public sealed class StructureSchema
{
    private readonly Dictionary<string, Member> _byName;
    private readonly Dictionary<string, Member> _byJsonName;

    public StructureSchema(string name, params Member[] members)
    {
        Name = name;
        Members = members;
        _byName = members.ToDictionary(m => m.Name, StringComparer.Ordinal);
        _byJsonName = members.ToDictionary(m => m.JsonWireName, StringComparer.Ordinal);
        JsonNames = _byJsonName.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public string Name { get; }
    public IReadOnlyList<Member> Members { get; }
    public string? XmlName { get; init; }
    public string? XmlNamespace { get; init; }
    /// <summary>Unions carry exactly one member.</summary>
    public bool IsUnion { get; init; }

    public Dictionary<string, Member>.AlternateLookup<ReadOnlySpan<char>> JsonNames { get; }
    public Member? Find(string name) => _byName.GetValueOrDefault(name);
    public Member? FindJson(string name) => _byJsonName.GetValueOrDefault(name);
}
