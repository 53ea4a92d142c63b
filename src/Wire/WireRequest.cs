using Longspan.Api.Shapes;
using Longspan.Wire.Query;
using Longspan.Wire.Signing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Longspan.Wire;

/// <summary>
/// One HTTP request as the wire looks at it: path and query as they were sent, because a signature covers those bytes, and the body
/// already read, because its hash is part of the signature.
/// </summary>
public sealed class WireRequest
{
    private FormFields? _form;
    private FormFields? _queryFields;
    private (bool Read, CredentialScope? Scope) _scope;

    public required string Method { get; init; }
    /// <summary>Still percent-encoded; begins with a slash.</summary>
    public required string Path { get; init; }
    /// <summary>Still percent-encoded; without the question mark.</summary>
    public required string Query { get; init; }
    public required IHeaderDictionary Headers { get; init; }
    /// <summary>Empty until it has been read: how much of it is read depends on the rest of the request.</summary>
    public ReadOnlyMemory<byte> Body { get; set; }

    public string Host => Headers.Host.ToString();

    /// <summary>The media type in lower case, without parameters.</summary>
    public string ContentType
    {
        get
        {
            var value = Headers.ContentType.ToString();
            var end = value.IndexOf(';', StringComparison.Ordinal);
            return (end < 0 ? value : value[..end]).Trim().ToLowerInvariant();
        }
    }

    /// <summary>Query string and, for form bodies, body fields. Throws <see cref="MalformedRequestException"/> on broken escapes.</summary>
    internal FormFields Form => _form ??= FormFields.Parse(this);

    /// <summary>What the request says it was signed for; nothing may be trusted because of it.</summary>
    public CredentialScope? Scope
    {
        get
        {
            if (!_scope.Read)
            {
                _scope = (true, CredentialScope.Find(this));
            }
            return _scope.Scope;
        }
    }

    /// <summary>The query string alone.</summary>
    internal FormFields QueryFields => _queryFields ??= FormFields.Parse(Query);

    public static WireRequest From(HttpContext context, ReadOnlyMemory<byte> body)
    {
        var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget;
        if (string.IsNullOrEmpty(target) || target[0] != '/')
        {
            // Absolute-form targets (a proxy in between) and OPTIONS *: the parsed path is what is left.
            target = context.Request.Path.ToUriComponent() + context.Request.QueryString.ToUriComponent();
        }
        var mark = target.IndexOf('?', StringComparison.Ordinal);
        return new WireRequest
        {
            Method = context.Request.Method,
            Path = mark < 0 ? target : target[..mark],
            Query = mark < 0 ? "" : target[(mark + 1)..],
            Headers = context.Request.Headers,
            Body = body,
        };
    }
}
