using System.Net;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Policies;
using Xunit;

namespace Longspan.Core.Tests.Access.Policies;

/// <summary>A question to the evaluator, put together piece by piece. Policies are given as their statements.</summary>
internal sealed record Question(string Action, string Resource)
{
    public const string Account = "123456789012";

    public Caller Caller { get; init; } = Carlos;
    public IReadOnlyList<string> Identity { get; init; } = [];
    public string? ResourcePolicy { get; init; }
    public bool IsResourcePolicyRequired { get; init; }
    public string? Boundary { get; init; }
    public string? Session { get; init; }
    public string Version { get; init; } = "2012-10-17";
    public Dictionary<string, string> PrincipalTags { get; init; } = [];
    public Dictionary<string, string>? RequestTags { get; init; }
    public Dictionary<string, string>? ResourceTags { get; init; }
    public Dictionary<string, IReadOnlyList<string>> Keys { get; init; } = [];
    public string? SourceIp { get; init; }
    public bool IsEncrypted { get; init; } = true;
    public DateTimeOffset Now { get; init; } = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);

    public static Caller Carlos { get; } =
        new(Account, $"arn:aws:iam::{Account}:user/carlossalazar", "AIDACARLOSCARLOSCARL", "AKIACARLOSCARLOSCARL", false);

    public static Caller Worker { get; } =
        new(Account, $"arn:aws:sts::{Account}:assumed-role/worker/job", "AROAWORKERWORKERWORK:job", "ASIAWORKERWORKERWORK", false)
        {
            Session = new CallerSession
            {
                IssuedAt = new DateTimeOffset(2026, 11, 30, 11, 0, 0, TimeSpan.Zero),
                RoleArn = $"arn:aws:iam::{Account}:role/site/worker",
                SourceIdentity = "carlos",
            },
        };

    public AccessDecision Decide() => PolicyEvaluator.Decide(Context());

    public AccessContext Context()
    {
        var principal = new Principal(Caller)
        {
            UserName = Caller.Arn.Contains(":user/", StringComparison.Ordinal) ? Caller.Arn[(Caller.Arn.LastIndexOf('/') + 1)..] : null,
            Tags = PrincipalTags,
            Identity = [.. Identity.Select(s => Named(s))],
            Boundary = Boundary is null ? null : [Named(Boundary)],
            Session = Session is null ? null : [Named(Session)],
        };
        var demand = new AccessDemand(Action, Resource)
        {
            Keys = Keys,
            RequestTags = RequestTags,
            ResourceTags = ResourceTags,
            ResourcePolicy = ResourcePolicy is null ? null : Read(ResourcePolicy, PolicyUse.Resource),
            IsResourcePolicyRequired = IsResourcePolicyRequired,
        };
        return new AccessContext(principal, demand)
        {
            Now = Now,
            Region = "lab-1",
            SourceAddress = SourceIp is null ? null : IPAddress.Parse(SourceIp),
            UserAgent = "aws-cli/2.1",
            IsEncrypted = IsEncrypted,
        };
    }

    private NamedPolicy Named(string statements) => new("test", PolicySource.None, Read(statements, PolicyUse.Identity));

    private Policy Read(string statements, PolicyUse use)
    {
        var policy = PolicyReader.TryRead($$"""{"Version":"{{Version}}","Statement":[{{statements}}]}""", use, out var fault);
        Assert.True(policy is not null, fault + statements);
        return policy;
    }
}
