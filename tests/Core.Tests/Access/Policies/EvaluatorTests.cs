using Longspan.Kernel;
using Longspan.Kernel.Access.Policies;
using Xunit;

namespace Longspan.Core.Tests.Access.Policies;

/// <summary>How the kinds of policies act together: the tables of AWS's pages on evaluation within one account.</summary>
public sealed class EvaluatorTests
{
    private const string Queue = "arn:aws:sqs:lab-1:123456789012:orders";
    private const string AllowSend = """{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:*:123456789012:orders"}""";
    private const string DenySend = """{"Effect":"Deny","Action":"sqs:*","Resource":"*"}""";
    private const string AllowOther = """{"Effect":"Allow","Action":"ecs:*","Resource":"*"}""";

    private static readonly AccessDecision s_allowed = AccessDecision.Allowed;

    [Fact]
    public void NothingIsAllowedUnlessAPolicySaysSo()
    {
        Assert.Equal(AccessDecision.ImplicitDeny(PolicyKind.Identity), Send().Decide());
        Assert.Equal(AccessDecision.ImplicitDeny(PolicyKind.Identity), (Send() with { Identity = [AllowOther] }).Decide());
        Assert.Equal(s_allowed, (Send() with { Identity = [AllowOther, AllowSend] }).Decide());
        Assert.False(default(AccessDecision).IsAllowed);
    }

    [Fact]
    public void ADenyInAnyPolicyWins()
    {
        var allowed = Send() with { Identity = [AllowSend], Boundary = AllowSend, Session = AllowSend, ResourcePolicy = For("\"*\"", AllowSend) };
        Assert.Equal(s_allowed, allowed.Decide());
        Assert.Equal(AccessDecision.ExplicitDeny(PolicyKind.Identity), (allowed with { Identity = [AllowSend, DenySend] }).Decide());
        Assert.Equal(AccessDecision.ExplicitDeny(PolicyKind.Boundary), (allowed with { Boundary = DenySend }).Decide());
        Assert.Equal(AccessDecision.ExplicitDeny(PolicyKind.Session), (allowed with { Session = DenySend }).Decide());
        Assert.Equal(AccessDecision.ExplicitDeny(PolicyKind.Resource), (allowed with { ResourcePolicy = For("\"*\"", DenySend) }).Decide());
    }

    [Fact]
    public void IdentityOrResourceIsEnoughInOneAccount()
    {
        var named = For("""{"AWS":"arn:aws:iam::123456789012:user/carlossalazar"}""", AllowSend);
        Assert.Equal(s_allowed, (Send() with { ResourcePolicy = named }).Decide());
        Assert.Equal(s_allowed, (Send() with { Identity = [AllowSend], ResourcePolicy = For("""{"AWS":"999999999999"}""", AllowSend) }).Decide());
        // To name the account leaves the choice to its identities' policies.
        var account = For("""{"AWS":"arn:aws:iam::123456789012:root"}""", AllowSend);
        Assert.Equal(AccessDecision.ImplicitDeny(PolicyKind.Identity), (Send() with { ResourcePolicy = account }).Decide());
    }

    [Theory]
    // Who is named, and whether the identity's policies, a boundary and a session policy that do not allow get in the way.
    [InlineData("""{"AWS":"arn:aws:sts::123456789012:assumed-role/worker/job"}""", true, true, true)]
    [InlineData("""{"AWS":"arn:aws:iam::123456789012:role/site/worker"}""", true, false, false)]
    [InlineData("""{"AWS":"AROAWORKERWORKERWORK"}""", true, false, false)]
    [InlineData("\"*\"", true, false, false)]
    [InlineData("""{"AWS":"123456789012"}""", false, false, false)]
    [InlineData("""{"AWS":"arn:aws:sts::123456789012:assumed-role/worker/other"}""", false, false, false)]
    public void OnlyASessionNamedByItselfIsBeyondItsBounds(string principal, bool withoutIdentity, bool withoutBoundary, bool withoutSession)
    {
        var send = Send() with { Caller = Question.Worker, ResourcePolicy = For(principal, AllowSend) };
        Assert.Equal(withoutIdentity, send.Decide().IsAllowed);
        Assert.Equal(withoutBoundary, (send with { Boundary = AllowOther }).Decide().IsAllowed);
        Assert.Equal(withoutSession, (send with { Session = AllowOther }).Decide().IsAllowed);
    }

    [Fact]
    public void AUserNamedByItselfIsBeyondItsBoundary()
    {
        var named = For("""{"AWS":"arn:aws:iam::123456789012:user/carlossalazar"}""", AllowSend);
        Assert.Equal(s_allowed, (Send() with { ResourcePolicy = named, Boundary = AllowOther }).Decide());
        Assert.Equal(
            AccessDecision.ImplicitDeny(PolicyKind.Boundary), (Send() with { ResourcePolicy = For("\"*\"", AllowSend), Boundary = AllowOther }).Decide());
    }

    [Fact]
    public void BoundaryAndSessionNarrowAndNeverGrant()
    {
        var send = Send() with { Caller = Question.Worker };
        Assert.Equal(AccessDecision.ImplicitDeny(PolicyKind.Identity), (send with { Boundary = AllowSend, Session = AllowSend }).Decide());
        Assert.Equal(AccessDecision.ImplicitDeny(PolicyKind.Boundary), (send with { Identity = [AllowSend], Boundary = AllowOther }).Decide());
        Assert.Equal(AccessDecision.ImplicitDeny(PolicyKind.Session), (send with { Identity = [AllowSend], Session = AllowOther }).Decide());
        Assert.Equal(s_allowed, (send with { Identity = [AllowSend], Boundary = AllowSend, Session = AllowSend }).Decide());
    }

    [Fact]
    public void AKeyOrARoleMustAgreeItself()
    {
        var send = Send() with { Identity = [AllowSend], IsResourcePolicyRequired = true };
        Assert.Equal(AccessDecision.ImplicitDeny(PolicyKind.Resource), send.Decide());
        Assert.Equal(AccessDecision.ImplicitDeny(PolicyKind.Resource), (send with { ResourcePolicy = For("\"*\"", AllowOther) }).Decide());
        Assert.Equal(s_allowed, (send with { ResourcePolicy = For("""{"AWS":"123456789012"}""", AllowSend) }).Decide());
        Assert.Equal(
            AccessDecision.ImplicitDeny(PolicyKind.Identity), (send with { Identity = [], ResourcePolicy = For("""{"AWS":"123456789012"}""", AllowSend) }).Decide());
    }

    [Fact]
    public void ServicesAndStrangersHaveOnlyWhatTheResourceGivesThem()
    {
        var service = Send() with { Caller = Caller.ForService(Question.Account, "events.amazonaws.com", "arn:aws:events:lab-1:123456789012:rule/nightly") };
        Assert.Equal(AccessDecision.ImplicitDeny(PolicyKind.Resource), service.Decide());
        Assert.Equal(s_allowed, (service with { ResourcePolicy = For("""{"Service":"events.amazonaws.com"}""", AllowSend) }).Decide());
        Assert.False((service with { ResourcePolicy = For("""{"Service":"sns.amazonaws.com"}""", AllowSend) }).Decide().IsAllowed);
        Assert.False((service with { ResourcePolicy = For("""{"AWS":"123456789012"}""", AllowSend) }).Decide().IsAllowed);
        const string fromRule = """{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*","Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:events:*:*:rule/nightly"}}}""";
        Assert.Equal(s_allowed, (service with { ResourcePolicy = For("""{"Service":"events.amazonaws.com"}""", fromRule) }).Decide());

        var stranger = Send() with { Caller = Caller.Anonymous(Question.Account) };
        Assert.False((stranger with { ResourcePolicy = For("""{"AWS":"123456789012"}""", AllowSend) }).Decide().IsAllowed);
        Assert.True((stranger with { ResourcePolicy = For("\"*\"", AllowSend) }).Decide().IsAllowed);
    }

    [Fact]
    public void NotPrincipalNamesEveryoneElse()
    {
        const string others = """{"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::123456789012:user/carlossalazar"},"Action":"sqs:*","Resource":"*"}""";
        Assert.Equal(s_allowed, (Send() with { Identity = [AllowSend], ResourcePolicy = others }).Decide());
        Assert.Equal(
            AccessDecision.ExplicitDeny(PolicyKind.Resource),
            (Send() with { Caller = Question.Worker, Identity = [AllowSend], ResourcePolicy = others }).Decide());
        // AWS wants the account named beside the one who is spared. That spares nobody else in it.
        var withAccount = others.Replace("\"arn:aws:iam::123456789012:user/carlossalazar\"", """["arn:aws:iam::123456789012:user/carlossalazar","arn:aws:iam::123456789012:root"]""", StringComparison.Ordinal);
        Assert.Equal(s_allowed, (Send() with { Identity = [AllowSend], ResourcePolicy = withAccount }).Decide());
        Assert.Equal(
            AccessDecision.ExplicitDeny(PolicyKind.Resource),
            (Send() with { Caller = Question.Worker, Identity = [AllowSend], ResourcePolicy = withAccount }).Decide());
        Assert.Equal(
            AccessDecision.ExplicitDeny(PolicyKind.Resource), (Send() with { Identity = [AllowSend], Boundary = AllowSend, ResourcePolicy = others }).Decide());
    }

    [Fact]
    public void RefusalsReadAsThoseOfAws()
    {
        const string user = "arn:aws:iam::123456789012:user/ann";
        string Of(AccessDecision decision) => decision.Refusal(user, "ecs:RunTask", Queue);
        const string start = $"User: {user} is not authorized to perform: ecs:RunTask on resource: {Queue} ";
        Assert.Equal(start + "because no identity-based policy allows the ecs:RunTask action", Of(AccessDecision.ImplicitDeny(PolicyKind.Identity)));
        Assert.Equal(start + "because no permissions boundary allows the ecs:RunTask action", Of(AccessDecision.ImplicitDeny(PolicyKind.Boundary)));
        Assert.Equal(start + "because no session policy allows the ecs:RunTask action", Of(AccessDecision.ImplicitDeny(PolicyKind.Session)));
        Assert.Equal(start + "because no resource-based policy allows the ecs:RunTask action", Of(AccessDecision.ImplicitDeny(PolicyKind.Resource)));
        Assert.Equal(start + "with an explicit deny in an identity-based policy", Of(AccessDecision.ExplicitDeny(PolicyKind.Identity)));
        Assert.Equal(start + "with an explicit deny in a resource-based policy", Of(AccessDecision.ExplicitDeny(PolicyKind.Resource)));
    }

    [Fact]
    public void ADecisionWithoutVariablesAllocatesNothing()
    {
        var context = (Send() with
        {
            Identity =
            [
                AllowOther, """{"Effect":"Allow","Action":["sqs:Get*","sqs:Send*"],"Resource":"arn:aws:sqs:*:*:orders","Condition":{"StringEquals":{"aws:PrincipalTag/team":"a"}}}""",
                """{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}""",
            ],
            PrincipalTags = new() { ["team"] = "a" },
        }).Context();
        Assert.Equal(s_allowed, PolicyEvaluator.Decide(context));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            PolicyEvaluator.Decide(context);
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static Question Send() => new("sqs:SendMessage", Queue);

    private static string For(string principal, string statement) => $"{{\"Principal\":{principal},{statement[1..]}";
}
