using System.Globalization;
using Longspan.Api.Shapes;

namespace Longspan.Wire.Query;

/// <summary>Form fields as the tree that their dotted names spell: <c>Entry.1.Id</c>.</summary>
internal sealed class FormNode
{
    private Dictionary<string, FormNode>? _children;

    public string? Value { get; private set; }
    public bool IsLeaf => _children is null;

    public FormNode? Child(string name) => _children?.GetValueOrDefault(name);

    public FormNode? Child(ReadOnlySpan<char> name) =>
        _children is not null && _children.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out var child) ? child : null;

    public static FormNode Build(FormFields form)
    {
        var root = new FormNode();
        foreach (var (name, value) in form.Fields)
        {
            root.Add(name, value);
        }
        return root;
    }

    /// <summary>The numbered children in order of their numbers; gaps do not matter.</summary>
    public List<FormNode> Numbered()
    {
        var numbered = new List<(int Number, FormNode Node)>();
        foreach (var (name, node) in _children ?? [])
        {
            if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                numbered.Add((number, node));
            }
        }
        numbered.Sort(static (a, b) => a.Number.CompareTo(b.Number));
        return numbered.ConvertAll(n => n.Node);
    }

    private void Add(string name, string value)
    {
        var node = this;
        var depth = 0;
        foreach (var range in name.AsSpan().Split('.'))
        {
            if (++depth > WireLimits.MaxDepth)
            {
                throw new MalformedRequestException("A parameter name is nested too deeply");
            }
            var part = name[range];
            node._children ??= new Dictionary<string, FormNode>(StringComparer.Ordinal);
            if (!node._children.TryGetValue(part, out var child))
            {
                node._children[part] = child = new FormNode();
            }
            node = child;
        }
        if (node.Value is not null && node.Value != value)
        {
            throw new MalformedRequestException($"The parameter {name} is given twice");
        }
        node.Value = value;
    }
}
