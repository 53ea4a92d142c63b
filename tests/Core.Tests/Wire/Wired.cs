using System.Text;
using Longspan.Api.Shapes;
using Longspan.Wire;
using Longspan.Wire.Protocols;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Longspan.Core.Tests.Wire;

/// <summary>Short forms of what every wire test needs.</summary>
internal static class Wired
{
    public const string RequestId = "11111111-2222-4333-8444-555555555555";

    public static WireRequest Request(string method, string target, string headers = "", byte[]? body = null)
    {
        var dictionary = new HeaderDictionary();
        foreach (var line in headers.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            dictionary.Append(line[..colon].Trim(), line[(colon + 1)..].Trim());
        }
        if (!dictionary.ContainsKey("Host"))
        {
            dictionary["Host"] = "127.0.0.1:4566";
        }
        var mark = target.IndexOf('?', StringComparison.Ordinal);
        return new WireRequest
        {
            Method = method,
            Path = mark < 0 ? target : target[..mark],
            Query = mark < 0 ? "" : target[(mark + 1)..],
            Headers = dictionary,
            Body = body ?? [],
        };
    }

    public static WireRequest Post(string body, string headers = "") => Request("POST", "/", headers, Encoding.UTF8.GetBytes(body));

    public static WireRequest Form(string body, string target = "/") =>
        Request("POST", target, "Content-Type: application/x-www-form-urlencoded; charset=utf-8", Encoding.UTF8.GetBytes(body));

    public static T Decode<T>(ProtocolCodec codec, Operation operation, WireRequest request) where T : Shape =>
        Assert.IsType<T>(codec.DecodeRequest(operation, request));

    public static string Text(WireResponse response) => Encoding.UTF8.GetString(response.Body.Span);

    public static string Hex(WireResponse response) => Convert.ToHexStringLower(response.Body.Span);

    public static string? Header(WireResponse response, string name) =>
        response.Headers.Where(h => h.Key == name).Select(h => h.Value).SingleOrDefault();
}
