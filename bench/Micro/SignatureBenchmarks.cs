using BenchmarkDotNet.Attributes;
using Longspan.Api.Shapes;
using Longspan.Wire;
using Longspan.Wire.Signing;
using Microsoft.AspNetCore.Http;

namespace Longspan.Micro;

/// <summary>What checking a signature costs a request: <c>POST /</c> with a JSON body of 1 KB, signed as the SDKs sign it.</summary>
public class SignatureBenchmarks
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 6, 52, 44, TimeSpan.Zero);
    private static readonly SigningKey Key = new() { AccessKeyId = "AKIDEXAMPLE", Secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };

    private readonly SigV4 _verifier = new((_, _, _) => ValueTask.FromResult<SigningKey?>(Key), new FixedClock());
    private WireRequest _request = null!;
    private int _day;

    private sealed class FixedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Now;
    }

    [GlobalSetup]
    public void Sign()
    {
        var body = new byte[1024];
        body.AsSpan().Fill((byte)'a');
        var headers = new HeaderDictionary
        {
            ["Host"] = "127.0.0.1:4566",
            ["Content-Type"] = "application/x-amz-json-1.0",
            ["X-Amz-Target"] = "AmazonSQS.SendMessage",
            ["User-Agent"] = "aws-sdk-dotnet-coreclr/4.0.100.25 ua/2.1",
            ["amz-sdk-invocation-id"] = "11111111-2222-4333-8444-555555555555",
            ["amz-sdk-request"] = "attempt=1; max=3",
        };
        var plain = headers.Where(h => h.Key != "Host").Select(h => KeyValuePair.Create(h.Key, h.Value.ToString())).ToList();
        foreach (var (name, value) in SigV4Signer.SignHeaders(
            "POST", new Uri("http://127.0.0.1:4566/"), plain, body, new AwsCredentials(Key.AccessKeyId, Key.Secret!), "eu-central-1", "sqs", Now))
        {
            headers[name] = value;
        }
        _request = new WireRequest { Method = "POST", Path = "/", Query = "", Headers = headers, Body = body };
    }

    [Benchmark(Baseline = true)]
    public async Task<bool> Verify()
    {
        var verdict = await _verifier.VerifyAsync(_request, AwsProtocol.AwsJson10, "sqs", CancellationToken.None);
        return verdict.IsVerified ? true : throw new InvalidOperationException(verdict.Error!.Message);
    }

    /// <summary>The part that nobody can save: one hash over the body.</summary>
    [Benchmark]
    public int HashBodyOnly()
    {
        Span<byte> digest = stackalloc byte[32];
        return System.Security.Cryptography.SHA256.HashData(_request.Body.Span, digest);
    }

    /// <summary>The four HMACs that the cache of derived keys saves.</summary>
    [Benchmark]
    public byte[] DeriveKey() => DerivedKeys.Derive(Key.Secret!, (20261123 + (_day++ & 1)).ToString(), "eu-central-1", "sqs");
}
