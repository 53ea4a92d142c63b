using Longspan.Kernel.Access.Policies;
using Xunit;

namespace Longspan.Core.Tests.Access.Policies;

/// <summary>Conditions, variables and elements as AWS's reference describes them, one row each.</summary>
public sealed class ConditionTests
{
    [Theory]
    // Strings: case counts, any value may match, a missing key fails a comparison and satisfies its negation.
    [InlineData("""{"StringEquals":{"aws:PrincipalTag/job-category":"iamuser-admin"}}""", true)]
    [InlineData("""{"StringEquals":{"aws:PrincipalTag/Job-Category":["x","iamuser-admin"]}}""", true)]
    [InlineData("""{"StringEquals":{"aws:PrincipalTag/job-category":"IAMUSER-ADMIN"}}""", false)]
    [InlineData("""{"StringEqualsIgnoreCase":{"aws:PrincipalTag/job-category":"IAMUSER-ADMIN"}}""", true)]
    [InlineData("""{"StringNotEquals":{"aws:PrincipalTag/job-category":"iamuser-admin"}}""", false)]
    [InlineData("""{"StringNotEquals":{"aws:PrincipalTag/none":"x"}}""", true)]
    [InlineData("""{"StringEquals":{"aws:PrincipalTag/none":"x"}}""", false)]
    [InlineData("""{"StringEqualsIfExists":{"aws:PrincipalTag/none":"x"}}""", true)]
    [InlineData("""{"StringEqualsIfExists":{"aws:PrincipalTag/job-category":"x"}}""", false)]
    [InlineData("""{"StringLike":{"aws:PrincipalTag/job-category":"iamuser-*"}}""", true)]
    [InlineData("""{"StringLike":{"aws:PrincipalTag/job-category":"iamuser-?????"}}""", true)]
    [InlineData("""{"StringEquals":{"aws:PrincipalTag/job-category":"iamuser-*"}}""", false)]
    [InlineData("""{"StringNotLike":{"aws:PrincipalTag/job-category":"iamuser-*"}}""", false)]
    // Operators and keys of one block all have to hold.
    [InlineData("""{"StringEquals":{"aws:PrincipalTag/job-category":"iamuser-admin","aws:RequestedRegion":"lab-1"}}""", true)]
    [InlineData("""{"StringEquals":{"aws:PrincipalTag/job-category":"iamuser-admin","aws:RequestedRegion":"lab-2"}}""", false)]
    [InlineData("""{"StringEquals":{"aws:RequestedRegion":"lab-1"},"Bool":{"aws:SecureTransport":"false"}}""", false)]
    // Numbers.
    [InlineData("""{"NumericLessThanEquals":{"s3:max-keys":"10"}}""", true)]
    [InlineData("""{"NumericLessThan":{"s3:max-keys":10}}""", false)]
    [InlineData("""{"NumericEquals":{"s3:max-keys":"10.0"}}""", true)]
    [InlineData("""{"NumericNotEquals":{"s3:max-keys":"10"}}""", false)]
    [InlineData("""{"NumericGreaterThan":{"s3:max-keys":"9"}}""", true)]
    [InlineData("""{"NumericGreaterThanEquals":{"s3:max-keys":"11"}}""", false)]
    [InlineData("""{"NumericEquals":{"s3:prefix":"home"}}""", false)]
    [InlineData("""{"NumericNotEquals":{"s3:prefix":"1"}}""", false)]
    // Dates, also as seconds since 1970.
    [InlineData("""{"DateGreaterThan":{"aws:TokenIssueTime":"2020-01-01T00:00:01Z"}}""", false)]
    [InlineData("""{"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:01Z"}}""", true)]
    [InlineData("""{"DateLessThan":{"aws:CurrentTime":"2026-11-30T13:00:00+02:00"}}""", false)]
    [InlineData("""{"DateLessThan":{"aws:EpochTime":"1796040001"}}""", true)]
    [InlineData("""{"DateEquals":{"aws:CurrentTime":"2026-11-30T12:00:00Z"}}""", true)]
    [InlineData("""{"NumericGreaterThanEquals":{"aws:EpochTime":"1796040000"}}""", true)]
    [InlineData("""{"DateLessThan":{"aws:CurrentTime":"tomorrow"}}""", false)]
    // Truth, bytes, addresses.
    [InlineData("""{"Bool":{"aws:SecureTransport":"true"}}""", true)]
    [InlineData("""{"Bool":{"aws:SecureTransport":false}}""", false)]
    [InlineData("""{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}}""", true)]
    [InlineData("""{"Bool":{"aws:MultiFactorAuthPresent":"true"}}""", false)]
    [InlineData("""{"BinaryEquals":{"svc:bytes":"QmluYXJ5VmFsdWVJbkJhc2U2NA=="}}""", true)]
    [InlineData("""{"BinaryEquals":{"svc:bytes":"QmluYXJ5"}}""", false)]
    [InlineData("""{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}""", true)]
    [InlineData("""{"IpAddress":{"aws:SourceIp":["192.0.2.0/24","203.0.113.7"]}}""", true)]
    [InlineData("""{"IpAddress":{"aws:SourceIp":"203.0.113.8/29"}}""", false)]
    [InlineData("""{"IpAddress":{"aws:SourceIp":"2001:DB8:1234:5678::/64"}}""", false)]
    [InlineData("""{"NotIpAddress":{"aws:SourceIp":["192.0.2.0/24","198.51.100.0/24"]}}""", true)]
    [InlineData("""{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}""", false)]
    [InlineData("""{"IpAddress":{"aws:SourceIp":"203.0.113.0/33"}}""", false)]
    // ARNs are compared part by part; the two operators do the same.
    [InlineData("""{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:lab-1:123456789012:topic-1"}}""", true)]
    [InlineData("""{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:*:*:topic-*"}}""", true)]
    [InlineData("""{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:topic-1"}}""", false)]
    [InlineData("""{"ArnLike":{"aws:SourceArn":"arn:*:topic-1"}}""", false)]
    [InlineData("""{"ArnLike":{"aws:SourceArn":"arn:aws:*:lab-?:1234*:*"}}""", true)]
    [InlineData("""{"ArnNotLike":{"aws:SourceArn":"arn:aws:sns:*:*:other"}}""", true)]
    [InlineData("""{"ArnNotEquals":{"aws:SourceArn":"arn:aws:sns:lab-1:123456789012:topic-1"}}""", false)]
    [InlineData("""{"ArnLike":{"s3:prefix":"arn:aws:s3:::*"}}""", false)]
    // Presence.
    [InlineData("""{"Null":{"aws:TokenIssueTime":"true"}}""", true)]
    [InlineData("""{"Null":{"aws:SourceIp":"true"}}""", false)]
    [InlineData("""{"Null":{"aws:SourceIp":false}}""", true)]
    // Sets.
    [InlineData("""{"ForAllValues:StringEquals":{"aws:TagKeys":["environment","cost-center","x"]}}""", true)]
    [InlineData("""{"ForAllValues:StringEquals":{"aws:TagKeys":["environment"]}}""", false)]
    [InlineData("""{"ForAllValues:StringEquals":{"svc:none":["a"]}}""", true)]
    [InlineData("""{"ForAnyValue:StringEquals":{"aws:TagKeys":["environment"]}}""", true)]
    [InlineData("""{"ForAnyValue:StringEquals":{"aws:TagKeys":["webserver"]}}""", false)]
    [InlineData("""{"ForAnyValue:StringEquals":{"svc:none":["a"]}}""", false)]
    [InlineData("""{"ForAnyValue:StringEqualsIfExists":{"svc:none":["a"]}}""", true)]
    [InlineData("""{"ForAllValues:StringNotEquals":{"aws:TagKeys":["webserver"]}}""", true)]
    [InlineData("""{"ForAllValues:StringNotEquals":{"aws:TagKeys":["environment"]}}""", false)]
    [InlineData("""{"ForAnyValue:StringNotEquals":{"aws:TagKeys":["environment"]}}""", true)]
    [InlineData("""{"ForAllValues:StringLike":{"aws:TagKeys":["env*","cost-*"]}}""", true)]
    [InlineData("""{"stringequals":{"AWS:requestedREGION":"lab-1"}}""", true)]
    // The request, the resource, the principal.
    [InlineData("""{"StringEquals":{"aws:RequestTag/environment":"prod"}}""", true)]
    [InlineData("""{"StringEquals":{"aws:ResourceTag/environment":"prod"}}""", false)]
    [InlineData("""{"StringEquals":{"ecs:ResourceTag/environment":"dev"}}""", true)]
    [InlineData("""{"ArnEquals":{"ecs:cluster":"arn:aws:ecs:lab-1:123456789012:cluster/one"}}""", true)]
    [InlineData("""{"StringEquals":{"aws:username":"carlossalazar","aws:PrincipalType":"User","aws:PrincipalAccount":"123456789012"}}""", true)]
    [InlineData("""{"StringLike":{"aws:userid":"AIDA*","aws:UserAgent":"aws-cli/*"}}""", true)]
    [InlineData("""{"Bool":{"aws:ViaAWSService":"true"}}""", false)]
    [InlineData("""{"Bool":{"aws:PrincipalIsAWSService":"false"}}""", true)]
    [InlineData("""{"StringEquals":{"aws:ResourceAccount":"123456789012"}}""", true)]
    // Variables.
    [InlineData("""{"StringEquals":{"aws:PrincipalTag/owner":"${aws:username}"}}""", true)]
    [InlineData("""{"StringLike":{"s3:prefix":["","home/","home/${aws:username}/*"]}}""", true)]
    [InlineData("""{"StringEquals":{"aws:RequestTag/team":"${aws:PrincipalTag/team, 'company-wide'}"}}""", true)]
    [InlineData("""{"StringEquals":{"aws:RequestTag/team":"${aws:PrincipalTag/none}"}}""", false)]
    [InlineData("""{"StringNotEquals":{"aws:RequestTag/team":"${aws:PrincipalTag/none}"}}""", false)]
    [InlineData("""{"StringLike":{"s3:prefix":"home${*}carlossalazar/*"}}""", false)]
    public void ACondition(string condition, bool holds)
    {
        var question = Asked with { Identity = [$$"""{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{{condition}}}"""] };
        Assert.Equal(holds, question.Decide().IsAllowed);
    }

    [Theory]
    // What a deny cannot decide, it does not let pass.
    [InlineData("""{"NumericEquals":{"s3:prefix":"7"}}""", true)]
    [InlineData("""{"NumericNotEquals":{"s3:prefix":"7"}}""", true)]
    [InlineData("""{"DateLessThan":{"aws:CurrentTime":"tomorrow"}}""", true)]
    [InlineData("""{"IpAddress":{"aws:SourceIp":"203.0.113.0/33"}}""", true)]
    [InlineData("""{"StringNotEquals":{"aws:RequestTag/team":"${aws:PrincipalTag/none}"}}""", true)]
    [InlineData("""{"StringEquals":{"aws:RequestTag/team":"${aws:PrincipalTag/none}"}}""", false)]
    [InlineData("""{"Bool":{"aws:SecureTransport":"false"}}""", false)]
    [InlineData("""{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}""", true)]
    [InlineData("""{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}""", false)]
    public void ADeny(string condition, bool bites)
    {
        const string allow = """{"Effect":"Allow","Action":"*","Resource":"*"}""";
        var question = Asked with { Identity = [allow, $$"""{"Effect":"Deny","Action":"*","Resource":"*","Condition":{{condition}}}"""] };
        Assert.Equal(!bites, question.Decide().IsAllowed);
    }

    [Theory]
    [InlineData("s3:*", true)]
    [InlineData("S3:listbucket", true)]
    [InlineData("s3:List*", true)]
    [InlineData("s3:?istBucket", true)]
    [InlineData("*", true)]
    [InlineData("s3:ListBuckets", false)]
    [InlineData("ecs:*", false)]
    public void AnAction(string pattern, bool named)
    {
        Assert.Equal(named, (Asked with { Identity = [$$"""{"Effect":"Allow","Action":"{{pattern}}","Resource":"*"}"""] }).Decide().IsAllowed);
        Assert.Equal(!named, (Asked with { Identity = [$$"""{"Effect":"Allow","NotAction":["{{pattern}}"],"Resource":"*"}"""] }).Decide().IsAllowed);
    }

    [Theory]
    [InlineData("arn:aws:s3:::amzn-s3-demo-bucket", true, false)]
    [InlineData("arn:aws:s3:::amzn-*", true, false)]
    [InlineData("arn:aws:s3:::AMZN-*", false, true)]
    [InlineData("*", true, false)]
    [InlineData("arn:aws:s3:::amzn-s3-demo-bucket/*", false, true)]
    [InlineData("arn:aws:s3:::${aws:PrincipalTag/bucket}", true, false)]
    // A tag's star is a star and not a wildcard; a variable without a value names nothing, and leaves an allow nothing to exclude.
    [InlineData("arn:aws:s3:::${aws:PrincipalTag/star}", false, true)]
    [InlineData("arn:aws:s3:::${aws:PrincipalTag/none}", false, false)]
    [InlineData("arn:aws:s3:::${aws:TagKeys}", false, false)]
    public void AResource(string pattern, bool named, bool outside)
    {
        Assert.Equal(named, (Asked with { Identity = [$$"""{"Effect":"Allow","Action":"*","Resource":"{{pattern}}"}"""] }).Decide().IsAllowed);
        Assert.Equal(outside, (Asked with { Identity = [$$"""{"Effect":"Allow","Action":"*","NotResource":"{{pattern}}"}"""] }).Decide().IsAllowed);
    }

    [Fact]
    public void ADenyOfAllButAnUnknownResourceHoldsForAll() => Assert.False((Asked with
    {
        Identity =
        [
            """{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","NotResource":"arn:aws:s3:::${aws:PrincipalTag/none}"}""",
        ],
    }).Decide().IsAllowed);

    [Fact]
    public void OldPoliciesHaveNoVariables()
    {
        const string own = """{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/owner":"${aws:username}"}}}""";
        Assert.False((Asked with { Identity = [own], Version = "2008-10-17" }).Decide().IsAllowed);
        var literal = Asked with { Identity = [own], Version = "2008-10-17", PrincipalTags = new() { ["owner"] = "${aws:username}" } };
        Assert.True(literal.Decide().IsAllowed);
    }

    [Fact]
    public void ASessionIsKnownByItsRole()
    {
        const string mine = """
            {"Effect":"Allow","Action":"*","Resource":"*","Condition":{
             "ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/site/worker"},"StringLike":{"aws:userid":"AROA*:job"},"Null":{"aws:username":"true"},
             "StringEquals":{"aws:SourceIdentity":"carlos","aws:PrincipalType":"AssumedRole"},"Bool":{"aws:MultiFactorAuthPresent":"false"},
             "DateGreaterThanEquals":{"aws:TokenIssueTime":"2026-11-30T11:00:00Z"}}}
            """;
        Assert.True((Asked with { Caller = Question.Worker, Identity = [mine] }).Decide().IsAllowed);
        Assert.False((Asked with { Identity = [mine] }).Decide().IsAllowed);
    }

    [Fact]
    public void AnOperatorThatNobodyKnowsFailsClosed()
    {
        var condition = new PolicyCondition("StringMatches", "aws:username", ["carlossalazar"]);
        Assert.False(Holds(isAllow: true));
        Assert.True(Holds(isAllow: false));

        bool Holds(bool isAllow)
        {
            var statement = new PolicyStatement { IsAllow = isAllow, Actions = ["*"], Resources = ["*"], Conditions = [condition] };
            return new StatementMatcher(statement, hasVariables: true).Applies(Asked.Context());
        }
    }

    [Fact]
    public void MappedAddressesAreOnesOfVersionFour()
    {
        const string inside = """{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}}""";
        Assert.True((Asked with { Identity = [inside], SourceIp = "::ffff:203.0.113.7" }).Decide().IsAllowed);
        Assert.False((Asked with { Identity = [inside], SourceIp = "2001:db8::7" }).Decide().IsAllowed);
        const string six = """{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"2001:DB8:1234:5678::/64"}}}""";
        Assert.True((Asked with { Identity = [six], SourceIp = "2001:db8:1234:5678::9" }).Decide().IsAllowed);
    }

    private static Question Asked { get; } = new("s3:ListBucket", "arn:aws:s3:::amzn-s3-demo-bucket")
    {
        PrincipalTags = new() { ["job-category"] = "iamuser-admin", ["owner"] = "carlossalazar", ["bucket"] = "amzn-s3-demo-bucket", ["star"] = "*" },
        RequestTags = new() { ["environment"] = "prod", ["cost-center"] = "7", ["team"] = "company-wide" },
        ResourceTags = new() { ["environment"] = "dev" },
        Keys = new()
        {
            ["s3:max-keys"] = ["10"],
            ["s3:prefix"] = ["home/carlossalazar/docs"],
            ["svc:bytes"] = ["QmluYXJ5VmFsdWVJbkJhc2U2NA=="],
            ["aws:SourceArn"] = ["arn:aws:sns:lab-1:123456789012:topic-1"],
            ["ecs:cluster"] = ["arn:aws:ecs:lab-1:123456789012:cluster/one"],
            ["aws:TagKeys"] = ["environment", "cost-center"],
        },
        SourceIp = "203.0.113.7",
    };
}
