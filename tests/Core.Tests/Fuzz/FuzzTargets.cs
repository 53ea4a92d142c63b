using System.Text;
using System.Text.Json;
using Longspan.AgentLink;
using Longspan.Api.Shapes;
using Longspan.Core.Tests.Access.Policies;
using Longspan.Kernel;
using Longspan.Kernel.Access.Policies;
using Longspan.Node.Engines;
using Longspan.Node.Identity;
using Longspan.Node.Injection;
using Longspan.Node.Tasks;
using Longspan.Services.Ecr.Rules;
using Longspan.Services.Ecs.Scheduling;
using Longspan.Services.Kms.Rules;
using Longspan.Services.Logs.Rules.Patterns;
using Longspan.Services.SecretsManager.Rules;
using Longspan.Services.Sqs.Operations;
using Longspan.Services.Sqs.Rules;
using Longspan.Services.Ssm.Rules;
using Longspan.Services.Sts.WebIdentity;
using Longspan.Store.Blobs;

namespace Longspan.Core.Tests.Fuzz;

/// <summary>Every parser that is fuzzed. Those of the wire are in <see cref="WireTargets"/>.</summary>
internal static class FuzzTargets
{
    private static readonly string[] s_json = ["{", "}", "[", "]", "\"", ":", ",", "null", "true", "1e5", "\\u0041"];

    private static readonly AccessContext s_question = new Question("sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:carlossalazar-1")
    {
        SourceIp = "10.1.2.3", RequestTags = new() { ["a1"] = "x" }, PrincipalTags = new() { ["x"] = "y" },
    }.Context();

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        .. WireTargets.All,
        Policy("policy-identity", PolicyUse.Identity, """{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Action":["sqs:*","ecs:Run?ask"],"NotResource":"arn:aws:sqs:*:*:${aws:username}-*","Condition":{"ForAnyValue:StringLikeIfExists":{"aws:TagKeys":["a*","${aws:PrincipalTag/x, 'y'}"]},"IpAddress":{"aws:SourceIp":["10.0.0.0/8","::1/128"]},"DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"},"NumericEquals":{"s3:max-keys":10},"Null":{"aws:SourceIp":false}}}]}"""),
        Policy("policy-resource", PolicyUse.Resource, """{"Version":"2012-10-17","Id":"q","Statement":{"Effect":"Deny","Principal":{"AWS":["123456789012","arn:aws:iam::123456789012:user/bob"],"Service":"ecs.amazonaws.com"},"NotAction":"sqs:SendMessage","Resource":"*","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:ecs:*:*:*"},"Bool":{"aws:SecureTransport":"false"},"BinaryEquals":{"k":"AQI="}}}}"""),
        Policy("policy-trust", PolicyUse.Trust, """{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/ci.example.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"ci.example.com:sub":"repo:a/b"}}}]}"""),
        OfText("cluster-query", text => ClusterQuery.TryParse(text, out _, out _),
            ["attribute:ecs.instance-type in [t2.*, m5.large] and not (attribute:site != 'on premises' or runningTasksCount >= 3)", "task:group == service:web || agentVersion >= 1.50.0", "registeredAt > 2026-01-01T00:00:00Z && attribute:a exists"],
            ["attribute:", "ecs.", "task:group", "and", "or", "not", "!", "&&", "||", "in", "not_in", "exists", "!exists", "matches", "=~", "==", "equals", ">=", "(", ")", "[", "]", "'", "\""]),
        OfText("log-filter", text => FilterPattern.Parse(text).Matches("""ERROR 10.0.0.1 {"level":"error","n":5,"tags":["a","vip1"]}""") is var _,
            ["?ERROR ?WARN -debug \"a phrase\" %re[a-z]+ex%", "{ $.level = \"error\" && ($.n >= 5 || $.tags[*] = vip*) && $.x NOT EXISTS }", "[ip, ..., status = 4* || status > 500, bytes]"],
            ["$.", "[*]", "&&", "||", "=", "!=", "IS NULL", "IS TRUE", "NOT EXISTS", "...", "%", "?", "-", "\"", "{", "}"]),
        OfText("log-event", text => FilterPattern.Parse("{ ($.a.b[1] = \"x*\" || $.n >= 5) && $.c NOT EXISTS }").Matches(text) is var _,
            ["""{"a":{"b":[1,"xy"]},"n":1e2,"d":null}"""], [.. s_json, "a", "b", "n", "\\uDC00"]),
        OfText("move-handle", text => MoveTaskRules.Open(Convert.ToBase64String(Encoding.UTF8.GetBytes(text))) is not null,
            ["""{"taskId":"1234abcd-12ab-34cd-56ef-1234567890ab","sourceArn":"arn:aws:sqs:us-east-1:123456789012:dead"}"""], [.. s_json, "taskId", "sourceArn"]),
        OfBytes("manifest", bytes => Manifest.Parse(bytes, null) is not null,
            ["""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":9}],"subject":{"mediaType":"x","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":1}}""",
             """{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":7,"platform":{"os":"linux","architecture":"amd64"}}]}"""],
            [.. s_json, "sha256:", "size", "digest", "layers", "manifests", "schemaVersion"]),
        OfText("digest", text => BlobDigest.TryParse(text, out _), ["sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"], ["sha256:", "sha512:", "a", "0"]),
        OfBytes("agent-frame", bytes => AgentFrame.Decode(bytes) is { Fault: null, Message: not null },
            ["""{"type":"AckRequest","message":{"messageId":"m","cluster":"c","containerInstance":"i"}}""", """{"type":"HeartbeatAckRequest","message":{"messageId":"m"}}""",
             """{"message":{"metadata":{"cluster":"c","containerInstance":"i","idle":false,"messageId":"m","fin":true},"taskMetrics":[{"taskArn":"t","taskDefinitionFamily":"f","containerMetrics":[{"cpuStatsSet":{"max":1.5,"min":0,"sampleCount":2,"sum":2e3}}]}],"timestamp":1795416764},"type":"PublishMetricsRequest"}"""],
            [.. s_json, "type", "message", "messageId", "PublishHealthRequest", "PayloadMessage", "TaskManifestMessage"]),
        OfBytes("telemetry-frame", bytes => TelemetryFrame.TrySplit(bytes, out _, out _), ["Host: h\r\nX-Amz-Date: 20261130T000000Z\r\n\r\n{\"type\":\"a\"}"], ["\r\n", "\r\n\r\n", ":", "{", "Authorization"]),
        OfText("identity-token", text => WebToken.TryRead(text) is { } token && (token.ObjectOf("https://aws.amazon.com/tags"), true).Item2,
            ["eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.eyJpc3MiOiJodHRwczovL2NpLmV4YW1wbGUuY29tIiwic3ViIjoiYSIsImV4cCI6MTc5NTQxNjc2NH0.AQID"], [".", "eyJ", "=", "-", "_"]),
        OfBytes("issuer-keys", bytes => { try { KeySet.Read(bytes); return true; } catch (JsonException) { return false; } },
            ["""{"keys":[{"kty":"RSA","kid":"a","use":"sig","alg":"RS256","n":"AQAB","e":"AQAB"},{"kty":"EC","crv":"P-256","x":"AQ","y":"Ag"}]}"""], [.. s_json, "kty", "RSA", "EC", "P-384", "n", "e", "x5c"]),
        OfBytes("kms-ciphertext", bytes => Ciphertext.TryReadOrigin(bytes) is not null && Ciphertext.TryOpen(new byte[Ciphertext.MaterialBytes], bytes, default) is var _,
            [Ciphertext.Seal(new byte[Ciphertext.MaterialBytes], new CiphertextOrigin("1234abcd-12ab-34cd-56ef-1234567890ab", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"), "x"u8, default)], []),
        OfText("cron", text => CronExpression.TryParse(text)?.Next(DateTimeOffset.UnixEpoch) is not null, ["0 16 1,15 * ? *", "0 8-18/2 ? JAN-JUN MON-FRI *", "0 0 L * ? *", "0 0 15W * ? *", "0 0 ? * 6#3 *"], ["*", "?", "/", "-", ",", "L", "W", "#", "SUN", "JAN", "2199"]),
        OfText("parameter-policies", text => ParameterPolicies.Read(text, DateTimeOffset.UnixEpoch) is not null,
            ["""[{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":"2030-12-02T21:34:33.000Z"}},{"Type":"NoChangeNotification","Version":"1.0","Attributes":{"After":"20","Unit":"Days"}}]"""], [.. s_json, "Type", "ExpirationNotification", "Attributes", "Before", "Hours"]),
        OfText("redrive-policy", text => RedrivePolicy.Parse(text) is not null, ["""{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:dead","maxReceiveCount":"5"}"""], [.. s_json, "maxReceiveCount", "deadLetterTargetArn"]),
        OfText("page-token", text => PageToken.TryDecode(text, out _), [PageToken.Encode("name/ü")], ["=", "-", "_"]),
        OfText("join-token", text => JoinToken.Parse(text) is not null, [new JoinToken(new Uri("https://10.0.0.1:4566"), "us-east-1", "a1b2c3d4-0000-4000-8000-000000000000", "code", null).Encode()], ["longspan", "eyJ", "."]),
        OfText("environment-file", text => { EnvironmentFile.Read(text, []); return true; }, ["A=1\n# note\nB=ü = 2\r\n\nC\n"], ["=", "#", "\n", "\r", "\""]),
        OfText("secret-reference", text => SecretReference.Parse(text).Select("""{"a":{"b":1},"c":"d"}""") is not null,
            ["arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf:c:AWSCURRENT:"], [":", "AWSPREVIOUS", "secret"]),
        OfText("image-name", text => ImageReference.Parse(text) is not null, ["127.0.0.1:4566/orders/web:1.0@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", "nginx"], ["/", ":", "@", "localhost", "sha256:"]),
    ];

    private static FuzzTarget Policy(string name, PolicyUse use, string sample) => OfText(
        name,
        text =>
        {
            if (PolicyReader.TryRead(text, use, out _) is not { } policy)
            {
                return false;
            }
            // What can be stored is evaluated for every call: that must end well, too.
            PolicyEvaluator.Allows(policy, s_question);
            // It is stored with other principals in the same places.
            const string other = "210987654321";
            var stored = PolicyReader.TryRead(PrincipalTexts.Replace(text, _ => other), use, out _)!;
            return stored.Statements.Select(s => s.Principals?.Of("AWS") ?? []).SelectMany(s => s).All(p => p == other)
                ? true : throw new InvalidOperationException("A principal was overlooked.");
        },
        [sample],
        [.. s_json, "Version", "Statement", "Effect", "Allow", "Deny", "Principal", "NotPrincipal", "Action", "Resource", "Condition", "StringEquals", "ForAllValues:", "IfExists", "IpAddress", "DateEquals", "NumericLessThan", "Bool", "Null", "${", "*", "?", "arn:aws:"]);

    private static FuzzTarget OfText(string name, Func<string, bool> accepts, string[] samples, string[] words) =>
        OfBytes(name, bytes => accepts(Encoding.UTF8.GetString(bytes)), samples, words);

    private static FuzzTarget OfBytes(string name, Func<byte[], bool> accepts, string[] samples, string[] words) =>
        OfBytes(name, accepts, [.. samples.Select(Encoding.UTF8.GetBytes)], words);

    internal static FuzzTarget OfBytes(string name, Func<byte[], bool> accepts, byte[][] samples, string[] words) => new(
        name,
        bytes =>
        {
            try
            {
                return accepts(bytes);
            }
            catch (Exception refusal) when (refusal is AwsError { IsServerFault: false } or TaskFault)
            {
                // What operations answer, and what a node stops a task with.
                return false;
            }
        },
        samples, words);
}
