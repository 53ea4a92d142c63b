using Longspan.Kernel;
using Longspan.Kernel.Access.Policies;
using Xunit;

namespace Longspan.Core.Tests.Access;

public sealed class PolicyTests
{
    private const string Account = AccessCloud.Account;

    [Theory]
    [InlineData("*", "", true)]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("a*c", "abbbc", true)]
    [InlineData("a*c", "abbb", false)]
    [InlineData("a?c", "abc", true)]
    [InlineData("a?c", "ac", false)]
    [InlineData("*a*b*", "xxaxxbxx", true)]
    [InlineData("*a*b", "xxbxxa", false)]
    [InlineData("arn:aws:sqs:*:123456789012:orders-*", "arn:aws:sqs:lab-1:123456789012:orders-dead", true)]
    public void WildcardsMatch(string pattern, string text, bool matches) => Assert.Equal(matches, Wildcards.Match(pattern, text));

    [Fact]
    public void ManyStarsStayFast()
    {
        // Exponential backtracking would not end here.
        var pattern = string.Concat(Enumerable.Repeat("a*", 200)) + "b";
        Assert.False(Wildcards.Match(pattern, new string('a', 20_000)));
    }

    [Theory]
    [InlineData("", "This policy contains invalid Json")]
    [InlineData("{", "This policy contains invalid Json")]
    [InlineData("[]", "Syntax errors in policy.")]
    [InlineData("""{"Version":"2012-10-17"}""", "Missing required field Statement")]
    [InlineData("""{"Version":"2020-01-01","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}""", "The policy must contain a valid version string")]
    [InlineData("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*"}]}""", "Policy statement must contain resources.")]
    [InlineData("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*"}]}""", "Policy statement must contain actions.")]
    [InlineData("""{"Version":"2012-10-17","Statement":[{"Action":"*","Resource":"*"}]}""", "Missing required field Effect")]
    [InlineData("""{"Version":"2012-10-17","Statement":[{"Effect":"allow","Action":"*","Resource":"*"}]}""", "Invalid effect: allow")]
    [InlineData("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"GetObject","Resource":"*"}]}""", "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")]
    [InlineData("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"bucket"}]}""", "Resource bucket must be in ARN format or \"*\".")]
    [InlineData("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","NotAction":"s3:*","Resource":"*"}]}""", "Syntax errors in policy.")]
    [InlineData("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Principal":"*"}]}""", "Policy document should not specify a principal.")]
    [InlineData("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Effect":"Deny","Action":"s3:*","Resource":"*"}]}""", "This policy contains invalid Json")]
    [InlineData("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringMatches":{"a":"b"}}}]}""", "Invalid Condition type : StringMatches.")]
    [InlineData("""{"Version":"2012-10-17","Statment":[]}""", "Syntax errors in policy.")]
    public void MalformedIdentityPoliciesAreRefused(string text, string message)
    {
        Assert.Null(PolicyReader.TryRead(text, PolicyUse.Identity, out var fault));
        Assert.Equal(message, fault);
    }

    [Theory]
    [InlineData("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole"}]}""", "Missing required field Principal")]
    [InlineData("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}]}""", "Has prohibited field Resource")]
    [InlineData("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject"}]}""", "AssumeRole policy may only specify STS AssumeRole actions.")]
    [InlineData("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"nobody"},"Action":"sts:AssumeRole"}]}""", "Invalid principal in policy: \"AWS\":\"nobody\"")]
    [InlineData("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Robot":"x"},"Action":"sts:AssumeRole"}]}""", "Invalid principal in policy: \"Robot\"")]
    public void MalformedTrustPoliciesAreRefused(string text, string message)
    {
        Assert.Null(PolicyReader.TryRead(text, PolicyUse.Trust, out var fault));
        Assert.Equal(message, fault);
    }

    [Fact]
    public void DeepJsonIsRefusedNotFollowed()
    {
        var deep = new string('[', 5000) + new string(']', 5000);
        Assert.Null(PolicyReader.TryRead(deep, PolicyUse.Identity, out _));
        Assert.Null(PolicyReader.TryRead(new string(' ', PolicyReader.MaximumLength + 1), PolicyUse.Identity, out _));
    }

    [Theory]
    [InlineData("""{"AWS":"123456789012"}""", true, true)]
    [InlineData("""{"AWS":"arn:aws:iam::123456789012:root"}""", true, true)]
    [InlineData("""{"AWS":"arn:aws:iam::123456789012:user/bob"}""", true, false)]
    [InlineData("""{"AWS":"arn:aws:iam::123456789012:user/eve"}""", false, false)]
    [InlineData("""{"AWS":"arn:aws:iam::123456789012:role/path/worker"}""", false, true)]
    [InlineData("""{"AWS":"arn:aws:iam::123456789012:role/work"}""", false, false)]
    [InlineData("""{"AWS":"arn:aws:sts::123456789012:assumed-role/worker/job"}""", false, true)]
    [InlineData("""{"AWS":"arn:aws:sts::123456789012:assumed-role/worker/other"}""", false, false)]
    [InlineData("""{"AWS":"AROAWORKERWORKERWORK"}""", false, true)]
    [InlineData("""{"AWS":"999999999999"}""", false, false)]
    [InlineData("""{"Service":"ecs-tasks.amazonaws.com"}""", false, false)]
    [InlineData("\"*\"", true, true)]
    public void PrincipalsNameUsersRolesAndAccounts(string principal, bool bob, bool worker)
    {
        var trust = Trust($$"""{"Effect":"Allow","Principal":{{principal}},"Action":"sts:AssumeRole"}""");
        Assert.Equal(bob, TrustRules.Allows(trust, new TrustRequest("sts:AssumeRole", Bob)));
        Assert.Equal(worker, TrustRules.Allows(trust, new TrustRequest("sts:AssumeRole", Worker)));
    }

    [Fact]
    public void AServicePassesOnlyWhereItIsNamed()
    {
        var trust = Trust("""{"Effect":"Allow","Principal":{"Service":["ecs-tasks.amazonaws.com"]},"Action":"sts:AssumeRole"}""");
        var request = new TrustRequest("sts:AssumeRole", Caller.ForService(Account, "ecs-tasks.amazonaws.com"));
        Assert.True(TrustRules.Allows(trust, request));
        Assert.True(TrustRules.NamesService(trust, "ecs-tasks.amazonaws.com"));
        Assert.False(TrustRules.Allows(trust, request with { Caller = Caller.ForService(Account, "ssm.amazonaws.com") }));
        Assert.False(TrustRules.NamesService(trust, "ssm.amazonaws.com"));
        Assert.False(TrustRules.Allows(trust, request with { Action = "sts:TagSession" }));
        // The account's administrators pass where a service is named.
        Assert.True(TrustRules.Allows(trust, request with { Caller = Caller.Platform(Account) }));
        Assert.False(TrustRules.Allows(trust, request with { Caller = Bob }));
        // An account statement does not let a service in.
        var account = Trust("""{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole"}""");
        Assert.False(TrustRules.Allows(account, request));
    }

    [Theory]
    [InlineData("""{"StringEquals":{"sts:ExternalId":["one","two"]}}""", "two", true)]
    [InlineData("""{"StringEquals":{"sts:ExternalId":"one"}}""", "two", false)]
    [InlineData("""{"StringEquals":{"sts:ExternalId":"one"}}""", null, false)]
    [InlineData("""{"StringEqualsIfExists":{"sts:ExternalId":"one"}}""", null, true)]
    [InlineData("""{"StringNotEquals":{"sts:ExternalId":"one"}}""", null, true)]
    [InlineData("""{"Null":{"sts:ExternalId":"true"}}""", null, true)]
    [InlineData("""{"Null":{"sts:ExternalId":"false"}}""", null, false)]
    [InlineData("""{"StringEquals":{"aws:SourceAccount":"123456789012"}}""", null, false)]
    [InlineData("""{"StringEquals":{"aws:PrincipalAccount":"123456789012"}}""", null, true)]
    [InlineData("""{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/b*"}}""", null, true)]
    [InlineData("""{"NumericLessThan":{"aws:userid":"7"}}""", null, false)]
    public void ConditionsMustHold(string condition, string? externalId, bool allowed)
    {
        var trust = Trust($$"""{"Effect":"Allow","Principal":"*","Action":"sts:*","Condition":{{condition}}}""");
        Assert.Equal(allowed, TrustRules.Allows(trust, new TrustRequest("sts:AssumeRole", Bob) { ExternalId = externalId }));
    }

    [Fact]
    public void AServiceMayBeHeldToItsSource()
    {
        const string task = "arn:aws:ecs:lab-1:123456789012:task/orders/0123";
        var trust = Trust("""
            {"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{
             "ArnLike":{"aws:SourceArn":"arn:aws:ecs:lab-1:123456789012:*"},"StringEquals":{"aws:SourceAccount":"123456789012"}}}
            """);
        Assert.True(TrustRules.Allows(trust, new TrustRequest("sts:AssumeRole", Caller.ForService(Account, "ecs-tasks.amazonaws.com", task))));
        Assert.False(TrustRules.Allows(trust, new TrustRequest("sts:AssumeRole", Caller.ForService(Account, "ecs-tasks.amazonaws.com"))));
    }

    [Fact]
    public void ADenyWinsAndOneThatCannotBeDecidedCounts()
    {
        const string allow = """{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}""";
        var request = new TrustRequest("sts:AssumeRole", Bob);
        Assert.False(TrustRules.Allows(
            Trust(allow + """,{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::123456789012:user/bob"},"Action":"sts:AssumeRole"}"""), request));
        Assert.False(TrustRules.Allows(
            Trust(allow + ""","""
                + """{"Effect":"Deny","Principal":"*","Action":"sts:*","Condition":{"NumericEquals":{"aws:userid":"7"}}}"""), request));
        Assert.True(TrustRules.Allows(
            Trust(allow + """,{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::123456789012:user/eve"},"Action":"sts:AssumeRole"}"""), request));
        Assert.True(TrustRules.Allows(
            Trust("""{"Effect":"Allow","NotPrincipal":{"AWS":"arn:aws:iam::123456789012:user/eve"},"Action":"sts:AssumeRole"}"""), request));
    }

    private static Caller Bob { get; } = new(Account, $"arn:aws:iam::{Account}:user/bob", "AIDABOBBOBBOBBOBBOBB", "AKIABOBBOBBOBBOBBOBB", false);

    private static Caller Worker { get; } =
        new(Account, $"arn:aws:sts::{Account}:assumed-role/worker/job", "AROAWORKERWORKERWORK:job", "ASIAWORKERWORKERWORK", false);

    private static Policy Trust(string statements)
    {
        var policy = PolicyReader.TryRead($$"""{"Version":"2012-10-17","Statement":[{{statements}}]}""", PolicyUse.Trust, out var fault);
        Assert.True(policy is not null, fault);
        return policy;
    }
}
