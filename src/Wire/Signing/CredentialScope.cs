namespace Longspan.Wire.Signing;

/// <summary>
/// Which service and region a request says it was signed for. Read before the signature is checked, to tell services apart that
/// have nothing else; nothing may be trusted because of it.
/// </summary>
public readonly record struct CredentialScope(string Region, string Service)
{
    public static CredentialScope? Find(WireRequest request)
    {
        var text = SignatureFields.HasHeader(request)
            ? FromHeader(request.Headers.Authorization.ToString())
            : SignatureFields.QueryValue(request.Query, "X-Amz-Credential");
        var parts = text?.Split('/');
        return parts is { Length: 5 } ? new CredentialScope(parts[2], parts[3]) : null;
    }

    private static string? FromHeader(string header)
    {
        const string Name = "Credential=";
        var start = header.IndexOf(Name, StringComparison.Ordinal);
        if (start < 0)
        {
            return null;
        }
        start += Name.Length;
        var end = header.AsSpan(start).IndexOfAny(',', ' ');
        return end < 0 ? header[start..] : header.Substring(start, end);
    }
}
