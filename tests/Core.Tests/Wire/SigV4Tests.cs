using System.Security.Cryptography;
using System.Text;
using Longspan.Api.Shapes;
using Longspan.Wire;
using Longspan.Wire.Signing;
using Xunit;

namespace Longspan.Core.Tests.Wire;

/// <summary>
/// Signatures below come from botocore 1.43 at the fixed time of AWS's published test suite; the first is also in that suite.
/// </summary>
public sealed class SigV4Tests
{
    internal static readonly DateTimeOffset Now = new(2015, 8, 30, 12, 36, 0, TimeSpan.Zero);
    internal const string Secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    private const string Token = "FQoGZXIvYXdzEXAMPLE//token==";

    internal sealed class FixedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }

    private static SigV4 Verifier(SigningKey? key = null, DateTimeOffset? now = null)
    {
        key ??= new SigningKey { AccessKeyId = "AKIDEXAMPLE", Secret = Secret };
        return new SigV4((id, _, _) => ValueTask.FromResult(id == key.AccessKeyId ? key : null), new FixedClock(now ?? Now));
    }

    private static SigningKey Temporary(DateTimeOffset? expiration = null) =>
        new() { AccessKeyId = "AKIDEXAMPLE", Secret = Secret, SessionToken = Token, Expiration = expiration };

    private static WireRequest Signed(
        string method, string target, string service, string signedHeaders, string signature, string headers = "", string body = "", string host = "example.amazonaws.com") =>
        Wired.Request(method, target,
            $"Host: {host}\nX-Amz-Date: 20150830T123600Z\n{headers}\nAuthorization: AWS4-HMAC-SHA256 "
            + $"Credential=AKIDEXAMPLE/20150830/us-east-1/{service}/aws4_request, SignedHeaders={signedHeaders}, Signature={signature}",
            Encoding.UTF8.GetBytes(body));

    private static WireRequest Post(string signature = "1979a1059c6a332836cf9ab2ef5abde379b6e593d97e59093da2c258c47aa222", string body = """{"MaxResults":10}""", string target = "AmazonSQS.ListQueues") =>
        Signed("POST", "/", "sqs", "content-type;host;x-amz-date;x-amz-target", signature,
            $"Content-Type: application/x-amz-json-1.0\nX-Amz-Target: {target}", body, "127.0.0.1:4566");

    private static WireRequest PostWithToken(string token) =>
        Signed("POST", "/", "sts", "content-type;host;x-amz-date;x-amz-security-token",
            "5dd16fcc6c38baaecfaeca936298d47a2d8def61589c565137a669f24ef5c6b9",
            $"Content-Type: application/x-www-form-urlencoded; charset=utf-8\nX-Amz-Security-Token: {token}",
            "Action=GetCallerIdentity&Version=2011-06-15", "127.0.0.1:4566");

    private static async Task<SignatureVerdict> Verify(WireRequest request, AwsProtocol protocol = AwsProtocol.AwsJson10, SigV4? verifier = null, string? service = null) =>
        await (verifier ?? Verifier()).VerifyAsync(request, protocol, service, CancellationToken.None);

    [Theory]
    [InlineData("/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")]
    [InlineData("/?Param2=value2&Param1=value1&Param1=Value0&empty=&flag", "c3d6d3d6ecbf2329be36b0ae4ce34e768e922b5c4283b572fd6a667e34df18db")]
    [InlineData("/?a=b%20c&d=e%2Bf&x=%7E-_.&u=%C3%BC&s=%2F%3A", "aaa4309e349d545306d38e4fe0415da455f64ffb2d37295a3a391ec5c5589fe2")]
    [InlineData("/?a=b+c&d=e%2bf&x=~-_.&u=ü&s=/:", "aaa4309e349d545306d38e4fe0415da455f64ffb2d37295a3a391ec5c5589fe2")]
    [InlineData("/example%20space/%E1%88%B4", "a74e3f4c32aca9e2458b5b6554d4bad663c087372680e903b131d2016920a1f3")]
    [InlineData("/a/./b/../c//d/", "07fc47830311f547240f25f97c1565bd7a705059e39e5d0c3e0c5287c2c4bcfc")]
    public async Task Paths_and_queries_are_canonical(string target, string signature) =>
        Assert.True((await Verify(Signed("GET", target, "service", "host;x-amz-date", signature))).IsVerified);

    [Theory]
    [InlineData("My-Header1: a   b \t c\nMy-Header2: \"a   b   c\"", "my-header1;my-header2", "07c5e7e57b80b59aa26a367ce3d444469bc2db738d90ce9331dcd15132b937a7")]
    [InlineData("My-Header1: value2\nMy-Header1: value1", "my-header1", "bdec613c2a8207a05bafa9a654353e209c3710b086c46ced81798cdcf09f80c1")]
    public async Task Header_values_are_collapsed_and_joined(string headers, string names, string signature) =>
        Assert.True((await Verify(Signed("GET", "/", "service", $"host;{names};x-amz-date", signature, headers))).IsVerified);

    [Fact]
    public async Task A_body_is_covered_and_the_verdict_tells_the_scope()
    {
        var verdict = await Verify(Post(), service: "sqs");
        Assert.Equal(("AKIDEXAMPLE", "us-east-1", "sqs", Now), (verdict.AccessKeyId, verdict.Region, verdict.Service, verdict.SignedAt));
        Assert.Equal(SignatureFault.Mismatch, (await Verify(Post(body: """{"MaxResults":11}"""))).Fault);
        Assert.Equal(SignatureFault.Mismatch, (await Verify(Post(target: "AmazonSQS.PurgeQueue"))).Fault);
    }

    [Theory]
    [InlineData("PUT", "/bucket/a%20b/%C3%BC%2Bc.txt?x-id=PutObject", "6b57633d50a30b592b9e600fc7a362976603d227ed604decca1d2d66925fe609", "content-type;host;x-amz-content-sha256;x-amz-date", "Content-Type: text/plain\nX-Amz-Content-SHA256: 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", "hello")]
    [InlineData("GET", "/bucket//a/../b", "061e4a54e5644372b56079822c503102d8845101799aa3ee56f23524ab812b57", "host;x-amz-content-sha256;x-amz-date", "X-Amz-Content-SHA256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "")]
    public async Task S3_signs_the_path_once_encoded_and_as_it_is(string method, string target, string signature, string names, string headers, string body) =>
        Assert.True((await Verify(Signed(method, target, "s3", names, signature, headers, body, "127.0.0.1:4566"))).IsVerified);

    [Theory]
    [InlineData("/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fsts%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Security-Token=FQoGZXIvYXdzEXAMPLE%2F%2Ftoken%3D%3D&X-Amz-Signature=541f820fc3530430570609522f4e3a52e4717d8fe2e61a2641ba203365e7375f", true, 60)]
    [InlineData("/bucket/key%20one.txt?versionId=1&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires=604800&X-Amz-SignedHeaders=host&X-Amz-Signature=fd93f4727cb1b3a4cb45865d8311365837faa944f8cdb8665a8e16de9a59bd11", false, 604800)]
    public async Task Presigned_urls_hold_until_they_expire(string target, bool temporary, int seconds)
    {
        var key = temporary ? Temporary() : null;
        var request = Wired.Request("GET", target);
        Assert.True((await Verify(request, verifier: Verifier(key))).IsPresigned);
        Assert.True((await Verify(request, verifier: Verifier(key, Now.AddSeconds(seconds)))).IsVerified);
        Assert.Equal(SignatureFault.OutsideClockWindow, (await Verify(request, verifier: Verifier(key, Now.AddSeconds(seconds + 1)))).Fault);
        var changed = Wired.Request("GET", target.Replace("us-east-1", "us-east-2", StringComparison.Ordinal));
        Assert.Equal(SignatureFault.Mismatch, (await Verify(changed, verifier: Verifier(key))).Fault);
    }

    [Theory]
    [InlineData("X-Amz-Expires=604801")]
    [InlineData("X-Amz-Expires=0")]
    [InlineData("X-Amz-Expires=-5")]
    [InlineData("X-Amz-Expires=soon")]
    public async Task A_presigned_life_beyond_seven_days_is_refused(string expires)
    {
        var verdict = await Verify(Wired.Request("GET",
            "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fsts%2Faws4_request"
            + $"&X-Amz-Date=20150830T123600Z&{expires}&X-Amz-SignedHeaders=host&X-Amz-Signature=00"));
        Assert.Equal(SignatureFault.Incomplete, verdict.Fault);
    }

    [Theory]
    [InlineData(AwsProtocol.AwsJson10, "sqs", "MissingAuthenticationTokenException", 400)]
    [InlineData(AwsProtocol.RpcV2Cbor, "monitoring", "MissingAuthenticationTokenException", 400)]
    [InlineData(AwsProtocol.RestJson, "xray", "MissingAuthenticationTokenException", 403)]
    [InlineData(AwsProtocol.AwsQuery, "sts", "MissingAuthenticationToken", 403)]
    [InlineData(AwsProtocol.RestXml, "cloudfront", "MissingAuthenticationToken", 403)]
    [InlineData(AwsProtocol.RestXml, "s3", "AccessDenied", 403)]
    public async Task An_unsigned_request_is_told_so_in_its_protocol(AwsProtocol protocol, string service, string code, int status) =>
        AssertError(await Verify(Wired.Post("{}"), protocol, service: service), SignatureFault.Missing, protocol, code, status);

    [Theory]
    [InlineData(AwsProtocol.AwsJson10, "UnrecognizedClientException", 400)]
    [InlineData(AwsProtocol.AwsQuery, "InvalidClientTokenId", 403)]
    public async Task An_unknown_key_is_told_so_in_its_protocol(AwsProtocol protocol, string code, int status) =>
        AssertError(await Verify(Post(), protocol, Verifier(new SigningKey { AccessKeyId = "OTHER" })), SignatureFault.UnknownKey, protocol, code, status);

    [Fact]
    public async Task An_unknown_key_has_another_name_in_s3() =>
        Assert.Equal("InvalidAccessKeyId", (await Verify(
            Signed("GET", "/b", "s3", "host;x-amz-date", "00"), AwsProtocol.RestXml, Verifier(new SigningKey { AccessKeyId = "OTHER" }), "s3")).Error!.Code);

    [Theory]
    [InlineData(AwsProtocol.AwsJson10, "InvalidSignatureException", 400)]
    [InlineData(AwsProtocol.AwsQuery, "SignatureDoesNotMatch", 403)]
    public async Task A_wrong_signature_is_told_so_in_its_protocol(AwsProtocol protocol, string code, int status)
    {
        AssertError(await Verify(Post(new string('0', 64)), protocol), SignatureFault.Mismatch, protocol, code, status);
        AssertError(await Verify(Post("short"), protocol), SignatureFault.Mismatch, protocol, code, status);
        AssertError(await Verify(Post(new string('é', 64)), protocol), SignatureFault.Mismatch, protocol, code, status);
    }

    [Fact]
    public async Task A_scope_for_another_service_does_not_match()
    {
        var verdict = await Verify(Post(), service: "ecs");
        Assert.Equal("Credential should be scoped to correct service: 'ecs'. ", verdict.Error!.Message);
    }

    [Theory]
    [InlineData(-301, "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T123059Z + 5 min.)")]
    [InlineData(301, "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)")]
    public async Task The_clock_window_is_five_minutes(int seconds, string message)
    {
        var verdict = await Verify(Post(), verifier: Verifier(now: Now.AddSeconds(seconds)));
        Assert.Equal((SignatureFault.OutsideClockWindow, "InvalidSignatureException", message), (verdict.Fault, verdict.Error!.Code, verdict.Error.Message));
        Assert.True((await Verify(Post(), verifier: Verifier(now: Now.AddSeconds(seconds - Math.Sign(seconds))))).IsVerified);
    }

    [Fact]
    public async Task The_clock_window_of_s3_is_fifteen_minutes()
    {
        var request = Signed("GET", "/bucket//a/../b", "s3", "host;x-amz-content-sha256;x-amz-date",
            "061e4a54e5644372b56079822c503102d8845101799aa3ee56f23524ab812b57",
            "X-Amz-Content-SHA256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", host: "127.0.0.1:4566");
        Assert.True((await Verify(request, AwsProtocol.RestXml, Verifier(now: Now.AddMinutes(15)), "s3")).IsVerified);
        Assert.Equal("RequestTimeTooSkewed", (await Verify(request, AwsProtocol.RestXml, Verifier(now: Now.AddMinutes(16)), "s3")).Error!.Code);
    }

    [Fact]
    public async Task A_temporary_key_needs_its_token_and_ends()
    {
        Assert.True((await Verify(PostWithToken(Token), verifier: Verifier(Temporary(Now.AddSeconds(1))))).IsVerified);
        Assert.Equal(SignatureFault.WrongToken, (await Verify(PostWithToken("other"), verifier: Verifier(Temporary()))).Fault);
        Assert.Equal(SignatureFault.WrongToken, (await Verify(Post(), verifier: Verifier(Temporary()))).Fault);
        Assert.Equal(SignatureFault.WrongToken, (await Verify(PostWithToken(Token))).Fault);
        var expired = Verifier(Temporary(Now));
        AssertError(await Verify(PostWithToken(Token), AwsProtocol.AwsQuery, expired), SignatureFault.ExpiredToken, AwsProtocol.AwsQuery, "ExpiredToken", 403);
        AssertError(await Verify(PostWithToken(Token), AwsProtocol.AwsJson11, expired), SignatureFault.ExpiredToken, AwsProtocol.AwsJson11, "ExpiredTokenException", 400);
    }

    [Theory]
    [InlineData("AWS4-HMAC-SHA256 Credential=A/20150830/us-east-1/sqs/aws4_request, SignedHeaders=host", "Authorization header requires 'Signature' parameter.")]
    [InlineData("AWS4-HMAC-SHA256 Signature=00", "Authorization header requires 'Credential' parameter. Authorization header requires 'SignedHeaders' parameter.")]
    [InlineData("AWS4-HMAC-SHA256 Credential=A/20150830/sqs/aws4_request, SignedHeaders=host, Signature=00", "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'A/20150830/sqs/aws4_request'")]
    [InlineData("AWS4-HMAC-SHA256 Credential=A/20150830/us-east-1/sqs/aws5_request, SignedHeaders=host, Signature=00", "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'.")]
    [InlineData("AWS4-HMAC-SHA256 Credential=A/20150830/us-east-1/sqs/aws4_request, SignedHeaders=x-amz-date;host, Signature=00", "'SignedHeaders' must be lower-case header names in alphabetical order.")]
    [InlineData("Bearer abc", "Authorization header must begin with 'AWS4-HMAC-SHA256'.")]
    public async Task An_incomplete_signature_says_what_is_missing(string authorization, string message)
    {
        var verdict = await Verify(Wired.Request("POST", "/", $"X-Amz-Date: 20150830T123600Z\nAuthorization: {authorization}"));
        Assert.Equal(("IncompleteSignatureException", 400, message), (verdict.Error!.Code, verdict.Error.HttpStatus, verdict.Error.Message));
    }

    [Fact]
    public async Task Host_target_and_date_cannot_be_left_out()
    {
        Assert.Equal(SignatureFault.Incomplete, (await Verify(Signed("POST", "/", "sqs", "x-amz-date", new string('0', 64)))).Fault);
        Assert.Equal(SignatureFault.Incomplete, (await Verify(Signed("POST", "/", "sqs", "host;x-amz-date", new string('0', 64), "X-Amz-Target: AmazonSQS.ListQueues"))).Fault);
        Assert.Equal(SignatureFault.Incomplete, (await Verify(Wired.Request("POST", "/",
            "Authorization: AWS4-HMAC-SHA256 Credential=A/20150830/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=00"))).Fault);
        Assert.Equal(SignatureFault.Incomplete, (await Verify(Wired.Request("POST", "/",
            "X-Amz-Date: yesterday\nAuthorization: AWS4-HMAC-SHA256 Credential=A/20150830/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=00"))).Fault);
    }

    [Fact]
    public async Task A_payload_may_be_left_out_of_the_signature_but_not_misstated()
    {
        var signed = SigV4Signer.SignHeaders("POST", new Uri("http://127.0.0.1:4566/"), [new("x-amz-content-sha256", "UNSIGNED-PAYLOAD")], "signed"u8,
            new AwsCredentials("AKIDEXAMPLE", Secret), "us-east-1", "sqs", Now);
        WireRequest With(string hash) => Wired.Request("POST", "/",
            string.Join('\n', signed.Select(h => $"{h.Key}: {h.Value}")) + $"\nx-amz-content-sha256: {hash}", "sent"u8.ToArray());
        Assert.True((await Verify(With("UNSIGNED-PAYLOAD"))).IsVerified);
        Assert.Equal(SignatureFault.Mismatch, (await Verify(With(Convert.ToHexStringLower(SHA256.HashData("signed"u8))))).Fault);
        Assert.Equal(SignatureFault.Mismatch, (await Verify(With(Convert.ToHexStringLower(SHA256.HashData("sent"u8))))).Fault);
        Assert.Equal((SignatureFault.Unsupported, 501), ((await Verify(With("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"))).Fault, (await Verify(With("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"))).Error!.HttpStatus));
    }

    [Fact]
    public async Task Any_signature_is_accepted_where_the_key_says_so()
    {
        var verdict = await Verify(Post("wrong"), verifier: Verifier(new SigningKey { AccessKeyId = "AKIDEXAMPLE", AnySignature = true, Owner = "me" }, Now.AddYears(1)));
        Assert.Equal(("me", "us-east-1"), (verdict.Key!.Owner, verdict.Region));
    }

    [Fact]
    public void A_request_signed_with_another_kind_of_key_is_taken_apart()
    {
        // The string to sign written out by hand, after the agent protocol.
        var body = """{"Fingerprint":"f"}""";
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)));
        var canonical = "POST\n/\n\ncontent-type:application/x-amz-json-1.1\nhost:127.0.0.1:4566\nx-amz-date:20150830T123600Z\n"
            + "x-amz-target:AmazonSSM.RequestManagedInstanceRoleToken\n\ncontent-type;host;x-amz-date;x-amz-target\n" + hash;
        var toSign = "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/lab-1/ssm/aws4_request\n" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)));
        WireRequest With(string sent) => Wired.Request("POST", "/",
            "Content-Type: application/x-amz-json-1.1\nX-Amz-Date: 20150830T123600Z\nX-Amz-Target: AmazonSSM.RequestManagedInstanceRoleToken\n"
            + $"X-Amz-Content-Sha256: {hash}\nAuthorization: AWS4-HMAC-SHA256 Credential=mi-0123456789abcdef0/20150830/lab-1/ssm/aws4_request, "
            + "SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=mQ3x+/==", Encoding.UTF8.GetBytes(sent));
        ForeignSignature? Read(WireRequest request, string service = "ssm", int seconds = 0) => Verifier(now: Now.AddSeconds(seconds))
            .ReadForeign(request, AwsProtocol.AwsJson11, service, id => id.StartsWith("mi-", StringComparison.Ordinal));
        Assert.Equal(new ForeignSignature("mi-0123456789abcdef0", "lab-1", toSign, "mQ3x+/=="), Read(With(body)));
        Assert.Null(Read(Post(), "sqs"));
        Assert.Null(Read(Wired.Post("{}")));
        Assert.Equal("InvalidSignatureException", Assert.ThrowsAny<AwsError>(() => Read(With("{}"))).Code);
        Assert.Equal("InvalidSignatureException", Assert.ThrowsAny<AwsError>(() => Read(With(body), "sqs")).Code);
        Assert.Equal("InvalidSignatureException", Assert.ThrowsAny<AwsError>(() => Read(With(body), seconds: 301)).Code);
    }

    [Fact]
    public async Task A_websocket_handshake_and_its_frames_are_verified()
    {
        const string Target = "/ws?agentHash=abc&cluster=my+cluster&dockerVersion=20.10%2Bdfsg1&containerInstance=arn%3Aaws%3Aecs%3Aus-east-1%3A1%3Acontainer-instance%2Fx";
        Assert.True((await Verify(Signed("GET", Target, "ecs", "host;x-amz-date",
            "869390ed00eafdb17fddb28e5e768b1d61c28d3afc7f98c7208a251815f56d20", host: "127.0.0.1:8941"), service: "ecs")).IsVerified);

        var payload = """{"type":"PublishMetricsRequest"}"""u8.ToArray();
        var frame = SigV4Signer.SignFrame(new Uri("http://127.0.0.1:8941" + Target), payload, new AwsCredentials("AKIDEXAMPLE", Secret, Token), "us-east-1", "ecs", Now);
        var verifier = Verifier(Temporary());
        var verdict = await verifier.VerifyFrameAsync("/ws", Target[4..], frame, "ecs", CancellationToken.None);
        Assert.True(verdict.Signature.IsVerified);
        Assert.Equal(payload, verdict.Payload.ToArray());
        frame[^2] ^= 1;
        Assert.Equal(SignatureFault.Mismatch, (await verifier.VerifyFrameAsync("/ws", Target[4..], frame, "ecs", CancellationToken.None)).Signature.Fault);
        Assert.Equal(SignatureFault.Missing, (await verifier.VerifyFrameAsync("/ws", Target[4..], payload, "ecs", CancellationToken.None)).Signature.Fault);
    }

    [Fact]
    public async Task Only_right_signatures_have_their_keys_remembered()
    {
        var verifier = Verifier();
        Assert.Equal(SignatureFault.Mismatch, (await Verify(Post(new string('0', 64)), verifier: verifier)).Fault);
        Assert.Equal(0, verifier.CachedKeys);
        Assert.True((await Verify(Post(), verifier: verifier)).IsVerified);
        Assert.Equal(1, verifier.CachedKeys);
    }

    [Fact]
    public async Task A_key_whose_secret_changed_is_not_remembered()
    {
        var key = new SigningKey { AccessKeyId = "AKIDEXAMPLE", Secret = Secret };
        var verifier = new SigV4((_, _, _) => ValueTask.FromResult<SigningKey?>(key), new FixedClock(Now));
        Assert.True((await Verify(Post(), verifier: verifier)).IsVerified);
        key = key with { Secret = "other" };
        Assert.Equal(SignatureFault.Mismatch, (await Verify(Post(), verifier: verifier)).Fault);
    }

    private static void AssertError(SignatureVerdict verdict, SignatureFault fault, AwsProtocol protocol, string code, int status)
    {
        var error = verdict.Error!;
        var actual = protocol == AwsProtocol.AwsQuery ? error.QueryCode ?? error.Code : error.Code;
        Assert.Equal((fault, code, status), (verdict.Fault, actual, error.HttpStatus));
    }
}
