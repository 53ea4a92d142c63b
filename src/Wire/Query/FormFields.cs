using Longspan.Api.Shapes;

namespace Longspan.Wire.Query;

/// <summary>The decoded fields of a query string and a form body, in order.</summary>
internal sealed class FormFields
{
    private readonly List<KeyValuePair<string, string>> _fields = [];

    public IReadOnlyList<KeyValuePair<string, string>> Fields => _fields;

    public string? Find(string name)
    {
        foreach (var (key, value) in _fields)
        {
            if (key == name)
            {
                return value;
            }
        }
        return null;
    }

    public static FormFields Parse(WireRequest request)
    {
        var form = new FormFields();
        form.Add(request.Query);
        // Only a POST: an uploaded object may be of this type as well, and is nobody's parameters.
        if (request.Method == "POST" && request.ContentType == "application/x-www-form-urlencoded")
        {
            form.Add(Utf8Text(request.Body));
        }
        return form;
    }

    public static FormFields Parse(string text)
    {
        var form = new FormFields();
        form.Add(text);
        return form;
    }

    private static string Utf8Text(ReadOnlyMemory<byte> body) =>
        System.Text.Unicode.Utf8.IsValid(body.Span)
            ? Text.Utf8.GetString(body.Span)
            : throw new MalformedRequestException("The body is not valid UTF-8");

    private void Add(ReadOnlySpan<char> text)
    {
        foreach (var range in text.Split('&'))
        {
            var pair = text[range];
            if (pair.IsEmpty)
            {
                continue;
            }
            if (_fields.Count >= WireLimits.MaxFormFields)
            {
                throw new MalformedRequestException("Too many parameters");
            }
            var equals = pair.IndexOf('=');
            var name = Text.PercentDecode(equals < 0 ? pair : pair[..equals], plusIsSpace: true);
            var value = equals < 0 ? "" : Text.PercentDecode(pair[(equals + 1)..], plusIsSpace: true);
            if (name is null || value is null)
            {
                throw new MalformedRequestException("The query string contains a malformed escape");
            }
            _fields.Add(new(name, value));
        }
    }
}
