using System.Globalization;

namespace Longspan.Wire.Signing;

/// <summary>The parts of a signature as a request carries them, in the Authorization header or in the query string.</summary>
internal sealed record SignatureFields
{
    public const string Algorithm = "AWS4-HMAC-SHA256";
    public const string Terminator = "aws4_request";
    public const string DateFormat = "yyyyMMdd'T'HHmmss'Z'";

    public required string AccessKeyId { get; init; }
    public required string Date { get; init; }
    public required string Region { get; init; }
    public required string Service { get; init; }
    public required string[] SignedHeaders { get; init; }
    public required string Signature { get; init; }
    public required DateTimeOffset SignedAt { get; init; }
    public string? SessionToken { get; init; }
    public bool IsPresigned { get; init; }
    public TimeSpan Expires { get; init; }

    /// <summary>The text of <see cref="SignedAt"/>, which is part of what is signed.</summary>
    public string Timestamp => SignedAt.UtcDateTime.ToString(DateFormat, CultureInfo.InvariantCulture);

    public static bool HasHeader(WireRequest request) => request.Headers.Authorization.Count > 0;

    public static bool HasQuery(WireRequest request) =>
        request.Query.Contains("X-Amz-Signature=", StringComparison.Ordinal)
        || request.Query.Contains("X-Amz-Credential=", StringComparison.Ordinal)
        || request.Query.Contains("X-Amz-Algorithm=", StringComparison.Ordinal);

    /// <summary>Reads the fields, or says in AWS's words what is missing.</summary>
    public static (SignatureFields? Fields, string? Problem) Read(WireRequest request) =>
        HasHeader(request) ? FromHeader(request) : FromQuery(request);

    private static (SignatureFields?, string?) FromHeader(WireRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        if (!header.StartsWith(Algorithm + " ", StringComparison.Ordinal))
        {
            return (null, $"Authorization header must begin with '{Algorithm}'.");
        }
        var (credential, signedHeaders, signature) = Split(header.AsSpan(Algorithm.Length));
        var problem = Absent("Authorization header", "Credential", credential)
            + Absent("Authorization header", "Signature", signature)
            + Absent("Authorization header", "SignedHeaders", signedHeaders);
        var date = request.Headers["x-amz-date"].ToString();
        if (date.Length == 0)
        {
            date = request.Headers.Date.ToString();
            problem += date.Length == 0
                ? "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
                : "";
        }
        if (problem.Length > 0)
        {
            return (null, problem.TrimEnd());
        }
        var token = request.Headers["x-amz-security-token"].ToString();
        return Build(credential!, signedHeaders!, signature!, date, token.Length == 0 ? null : token, expires: null);
    }

    private static (SignatureFields?, string?) FromQuery(WireRequest request)
    {
        string? Find(string name) => QueryValue(request.Query, name);
        if (Find("X-Amz-Algorithm") != Algorithm)
        {
            return (null, $"AWS query-string parameters must include 'X-Amz-Algorithm' with the value '{Algorithm}'.");
        }
        var (credential, headers, signature) = (Find("X-Amz-Credential"), Find("X-Amz-SignedHeaders"), Find("X-Amz-Signature"));
        var (date, expires) = (Find("X-Amz-Date"), Find("X-Amz-Expires"));
        foreach (var (name, value) in new[]
        {
            ("X-Amz-Credential", credential), ("X-Amz-SignedHeaders", headers), ("X-Amz-Signature", signature), ("X-Amz-Date", date),
        })
        {
            if (string.IsNullOrEmpty(value))
            {
                return (null, $"AWS query-string parameters must include '{name}'.");
            }
        }
        // Services other than S3 treat a missing X-Amz-Expires as their ordinary clock window.
        var seconds = 300;
        if (expires is not null
            && !(int.TryParse(expires, NumberStyles.None, CultureInfo.InvariantCulture, out seconds) && seconds is >= 1 and <= 604800))
        {
            return (null, "X-Amz-Expires must be a number between 1 and 604800.");
        }
        return Build(credential!, headers!, signature!, date!, Find("X-Amz-Security-Token"), TimeSpan.FromSeconds(seconds));
    }

    private static (SignatureFields?, string?) Build(
        string credential, string signedHeaders, string signature, string date, string? token, TimeSpan? expires)
    {
        var scope = credential.Split('/');
        if (scope.Length != 5)
        {
            return (null, $"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{credential}'");
        }
        if (scope[4] != Terminator)
        {
            return (null, $"Credential should be scoped with a valid terminator: '{Terminator}', not '{scope[4]}'.");
        }
        if (!TryParseDate(date, out var signedAt))
        {
            return (null, $"Date must be in ISO-8601 'basic format'. Got '{date}'. See https://en.wikipedia.org/wiki/ISO_8601.");
        }
        var headers = signedHeaders.Split(';', WireLimits.MaxSignedHeaders + 1);
        if (headers.Length > WireLimits.MaxSignedHeaders)
        {
            return (null, "Too many signed headers.");
        }
        if (!IsCanonicalList(headers))
        {
            return (null, "'SignedHeaders' must be lower-case header names in alphabetical order.");
        }
        return (new SignatureFields
        {
            AccessKeyId = scope[0],
            Date = scope[1],
            Region = scope[2],
            Service = scope[3],
            SignedHeaders = headers,
            Signature = signature,
            SignedAt = signedAt,
            SessionToken = token,
            IsPresigned = expires is not null,
            Expires = expires ?? default,
        }, null);
    }

    /// <summary>Order is part of what is signed, so that a list in another order could never have matched anyway.</summary>
    private static bool IsCanonicalList(string[] headers)
    {
        for (var i = 0; i < headers.Length; i++)
        {
            if (headers[i].Length == 0 || headers[i].Any(char.IsAsciiLetterUpper)
                || (i > 0 && string.CompareOrdinal(headers[i - 1], headers[i]) >= 0))
            {
                return false;
            }
        }
        return true;
    }

    private static (string? Credential, string? SignedHeaders, string? Signature) Split(ReadOnlySpan<char> parameters)
    {
        string? credential = null, headers = null, signature = null;
        foreach (var range in parameters.Split(','))
        {
            var pair = parameters[range].Trim();
            // At the first sign only: signatures of machines are base64 and may end in more of them.
            var equals = pair.IndexOf('=');
            if (equals <= 0)
            {
                continue;
            }
            var value = pair[(equals + 1)..].Trim().ToString();
            switch (pair[..equals])
            {
                case "Credential": credential = value; break;
                case "SignedHeaders": headers = value; break;
                case "Signature": signature = value; break;
                default: break;
            }
        }
        return (credential, headers, signature);
    }

    private static string Absent(string place, string name, string? value) =>
        string.IsNullOrEmpty(value) ? $"{place} requires '{name}' parameter. " : "";

    private static bool TryParseDate(string text, out DateTimeOffset date)
    {
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return DateTimeOffset.TryParseExact(text, DateFormat, CultureInfo.InvariantCulture, Utc, out date)
            || DateTimeOffset.TryParseExact(text, "r", CultureInfo.InvariantCulture, Utc, out date);
    }

    internal static string? QueryValue(string query, string name)
    {
        foreach (var range in query.AsSpan().Split('&'))
        {
            var pair = query.AsSpan(range);
            if (pair.Length > name.Length && pair[name.Length] == '=' && pair.StartsWith(name, StringComparison.Ordinal))
            {
                return Text.PercentDecode(pair[(name.Length + 1)..], plusIsSpace: true);
            }
        }
        return null;
    }
}
