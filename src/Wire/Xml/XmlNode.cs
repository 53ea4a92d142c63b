using System.Text;
using System.Xml;
using Longspan.Api.Shapes;

namespace Longspan.Wire.Xml;

/// <summary>
/// One element of a parsed body. Flattened lists spread over their parent's children in any order, so that a small tree is simpler than
/// a reader that runs once. Names are local names: AWS does not insist on its namespaces.
/// </summary>
internal sealed class XmlNode(string name)
{
    private static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        CheckCharacters = true,
    };

    // Text comes in pieces, as many as there are CDATA sections and child elements between.
    private StringBuilder? _text;

    public string Name { get; } = name;
    public string Text => _text?.ToString() ?? "";
    public List<XmlNode> Children { get; } = [];
    public Dictionary<string, string>? Attributes { get; private set; }

    public XmlNode? Child(string childName) => Children.Find(c => c.Name == childName);

    public static XmlNode Parse(ReadOnlyMemory<byte> body)
    {
        var bytes = body.Span.StartsWith("\uFEFF"u8) ? body.Span[3..] : body.Span;
        if (!System.Text.Unicode.Utf8.IsValid(bytes))
        {
            throw new MalformedRequestException("The XML you provided is not valid UTF-8");
        }
        // From text, so that no declared encoding is believed.
        using var reader = XmlReader.Create(new StringReader(Wire.Text.Utf8.GetString(bytes)), Settings);
        var open = new Stack<XmlNode>();
        XmlNode? root = null;
        var nodes = 0;
        while (reader.Read())
        {
            switch (reader.NodeType)
            {
                case XmlNodeType.Element:
                    nodes += 1 + reader.AttributeCount;
                    if (open.Count >= WireLimits.MaxDepth || nodes > WireLimits.MaxXmlNodes)
                    {
                        throw new MalformedRequestException("The XML you provided is nested too deeply or too large");
                    }
                    var isEmpty = reader.IsEmptyElement;
                    var node = new XmlNode(reader.LocalName);
                    node.ReadAttributes(reader);
                    if (open.TryPeek(out var parent))
                    {
                        parent.Children.Add(node);
                    }
                    root ??= node;
                    if (!isEmpty)
                    {
                        open.Push(node);
                    }
                    break;
                case XmlNodeType.EndElement:
                    open.Pop();
                    break;
                case XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace:
                    if (open.TryPeek(out var current))
                    {
                        (current._text ??= new StringBuilder()).Append(reader.Value);
                    }
                    break;
                default:
                    break;
            }
        }
        return root ?? throw new MalformedRequestException("The XML you provided was not well-formed");
    }

    private void ReadAttributes(XmlReader reader)
    {
        while (reader.MoveToNextAttribute())
        {
            if (reader.Prefix != "xmlns" && reader.Name != "xmlns")
            {
                // Models name prefixed attributes with the prefix: xsi:type.
                (Attributes ??= [])[reader.Name] = reader.Value;
            }
        }
    }
}
