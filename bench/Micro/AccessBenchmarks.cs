using BenchmarkDotNet.Attributes;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Policies;

namespace Longspan.Micro;

/// <summary>
/// One decision, its context included, as a call asks for it: a task's role with a managed and an inline policy against a queue, the same with
/// the queue's own policy, a boundary and a session policy, and a policy of many statements with variables and conditions of all sorts.
/// </summary>
public class AccessBenchmarks
{
    private const string Account = "123456789012";
    private const string Queue = "arn:aws:sqs:lab-1:123456789012:orders";
    private static readonly DateTimeOffset Now = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);

    private const string Inline = """
        {"Version":"2012-10-17","Statement":[
         {"Effect":"Allow","Action":["sqs:SendMessage","sqs:ReceiveMessage","sqs:DeleteMessage*","sqs:GetQueueAttributes"],"Resource":"arn:aws:sqs:*:123456789012:orders*"},
         {"Effect":"Allow","Action":"ssm:GetParameter*","Resource":"arn:aws:ssm:*:*:parameter/orders/*"},
         {"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}
        """;
    private const string OfQueue = """
        {"Version":"2012-10-17","Statement":[
         {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/worker"},"Action":"sqs:*","Resource":"arn:aws:sqs:lab-1:123456789012:orders"},
         {"Effect":"Deny","Principal":"*","Action":"sqs:PurgeQueue","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}]}
        """;

    private static readonly Caller Worker = new(Account, $"arn:aws:sts::{Account}:assumed-role/worker/job", "AROAWORKERWORKERWORK:job", "ASIAWORKERWORKERWORK", false)
    {
        Session = new CallerSession { IssuedAt = Now, RoleArn = $"arn:aws:iam::{Account}:role/worker" },
    };

    private readonly Principal _plain = new(Worker) { Identity = [Managed("service-role/AmazonECSTaskExecutionRolePolicy"), Own(Inline)] };
    private readonly Principal _bounded = new(Worker)
    {
        Identity = [Managed("service-role/AmazonECSTaskExecutionRolePolicy"), Own(Inline)],
        Boundary = [Managed("PowerUserAccess")],
        Session = [Managed("AmazonSQSFullAccess")],
    };
    private readonly Principal _many = new(Worker)
    {
        Tags = new Dictionary<string, string> { ["queue"] = "orders", ["team"] = "a" },
        Identity = [Managed("ReadOnlyAccess"), Own(Many())],
    };
    private readonly AccessDemand _send = new("sqs:SendMessage", Queue);
    private readonly AccessDemand _sendByPolicy = new("sqs:SendMessage", Queue) { ResourcePolicy = PolicyTexts.Read(OfQueue, PolicyUse.Resource) };

    [Benchmark(Baseline = true)]
    public bool RoleAndQueue() => Decide(_plain, _send);

    [Benchmark]
    public bool BoundarySessionAndQueuePolicy() => Decide(_bounded, _sendByPolicy);

    [Benchmark]
    public bool FiftyStatementsWithConditions() => Decide(_many, _send);

    private static bool Decide(Principal principal, AccessDemand demand)
    {
        var context = new AccessContext(principal, demand) { Now = Now, Region = "lab-1", IsEncrypted = true, SourceAddress = System.Net.IPAddress.Loopback };
        return PolicyEvaluator.Decide(context).IsAllowed ? true : throw new InvalidOperationException("This benchmark measures allows.");
    }

    private static NamedPolicy Managed(string resource)
    {
        var arn = ManagedPolicies.ArnOf(resource);
        return new NamedPolicy(arn, PolicySource.AwsManaged, PolicyTexts.Read(ManagedPolicies.TextOf(arn)!, PolicyUse.Identity));
    }

    private static NamedPolicy Own(string text) => new("own", PolicySource.Role, PolicyTexts.Read(text, PolicyUse.Identity));

    private static string Many()
    {
        const string last = """
            {"Effect":"Allow","Action":"sqs:*","Resource":"arn:aws:sqs:*:*:${aws:PrincipalTag/queue}","Condition":{
             "StringEquals":{"aws:PrincipalTag/team":["c","a"]},"IpAddress":{"aws:SourceIp":["10.0.0.0/8","127.0.0.0/8"]},
             "DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"}}}
            """;
        var others = Enumerable.Range(0, 49).Select(i => $$$"""
            {"Effect":"Allow","Action":["s{{{i}}}:Get*","s{{{i}}}:List*"],"Resource":"arn:aws:s{{{i}}}:*:*:x/*",
             "Condition":{"StringLike":{"aws:PrincipalTag/team":"b*"} }}
            """);
        return $$"""{"Version":"2012-10-17","Statement":[{{string.Join(',', others.Append(last))}}]}""";
    }
}
