using Longspan.Api.SecretsManager;
using Longspan.Kernel.Access.Policies;
using Longspan.Services.SecretsManager.Rules;
using Xunit;

namespace Longspan.Core.Tests.SecretsManager;

/// <summary>Which policies of secrets let everybody in.</summary>
public sealed class PublicPolicyTests
{
    [Theory]
    [InlineData("""{"StringEquals":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/app"}}""")]
    [InlineData("""{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/*"}}""")]
    [InlineData("""{"StringLike":{"aws:principalarn":"arn:aws:iam::123456789012:user/${aws:username}"}}""")]
    [InlineData("""{"StringEquals":{"aws:PrincipalAccount":["123456789012","210987654321"]}}""")]
    [InlineData("""{"stringequalsignorecase":{"aws:PrincipalOrgID":"o-abc123"}}""")]
    [InlineData("""{"ForAnyValue:StringEquals":{"aws:SourceAccount":"123456789012"}}""")]
    [InlineData("""{"ArnEquals":{"aws:SourceArn":"arn:aws:s3:::bucket"}}""")]
    [InlineData("""{"StringEquals":{"aws:SourceOwner":"123456789012"}}""")]
    [InlineData("""{"StringEquals":{"aws:SourceVpc":"vpc-91237329"}}""")]
    [InlineData("""{"StringLike":{"aws:SourceVpce":"vpce-1a2b3c4d"}}""")]
    [InlineData("""{"StringEquals":{"aws:userid":"AIDAEXAMPLEEXAMPLE12"}}""")]
    [InlineData("""{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","203.0.114.7","2001:db8::/32"]}}""")]
    [InlineData("""{"Bool":{"aws:SecureTransport":"true"},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}""")]
    public void FixedValuesOfTheseKeysNarrow(string condition) => Assert.False(IsPublic(condition));

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"Bool":{"aws:SecureTransport":"true"}}""")]
    [InlineData("""{"StringEquals":{"secretsmanager:VersionStage":"AWSCURRENT"}}""")]
    [InlineData("""{"StringEquals":{"aws:PrincipalTag/team":"orders"}}""")]
    [InlineData("""{"StringNotEquals":{"aws:PrincipalAccount":"123456789012"}}""")]
    [InlineData("""{"StringEqualsIfExists":{"aws:PrincipalAccount":"123456789012"}}""")]
    [InlineData("""{"ForAllValues:StringEquals":{"aws:PrincipalAccount":"123456789012"}}""")]
    [InlineData("""{"Null":{"aws:PrincipalArn":"false"}}""")]
    [InlineData("""{"StringLike":{"aws:PrincipalArn":"*"}}""")]
    [InlineData("""{"StringLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/app"}}""")]
    [InlineData("""{"StringLike":{"aws:SourceArn":"arn:aws:sqs:*:123456789012:orders"}}""")]
    [InlineData("""{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::*"}}""")]
    [InlineData("""{"StringEquals":{"aws:PrincipalAccount":"${aws:PrincipalAccount}"}}""")]
    [InlineData("""{"StringLike":{"aws:PrincipalAccount":["123456789012","????????????"]}}""")]
    [InlineData("""{"StringLike":{"aws:SourceVpc":"vpc-*"}}""")]
    [InlineData("""{"StringLike":{"aws:userid":"AROAEXAMPLEEXAMPLE12:*"}}""")]
    [InlineData("""{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}""")]
    [InlineData("""{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","::/0"]}}""")]
    [InlineData("""{"IpAddress":{"aws:SourceIp":["0.0.0.0/1","128.0.0.0/1"]}}""")]
    [InlineData("""{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}""")]
    [InlineData("""{"IpAddressIfExists":{"aws:SourceIp":"203.0.113.0/24"}}""")]
    public void WhatHoldsForEverybodyDoesNot(string condition) => Assert.True(IsPublic(condition));

    [Fact]
    public async Task AConditionThatNarrowsNothingIsBlocked()
    {
        await using var cloud = await SecretsCloud.StartAsync();
        await cloud.CreateAsync("s");
        Task Put(string condition) => cloud.CallAsync(SecretsManagerOperations.PutResourcePolicy, new()
        {
            SecretId = "s", ResourcePolicy = PolicyWith(condition), BlockPublicPolicy = true,
        });
        Assert.Equal("PublicPolicyException", (await SecretsCloud.RefusedAsync(() => Put("""{"Bool":{"aws:SecureTransport":"true"}}"""))).Code);
        await Put("""{"StringEquals":{"aws:PrincipalAccount":"123456789012"}}""");
    }

    private static bool IsPublic(string condition)
    {
        var policy = PolicyReader.TryRead(PolicyWith(condition), PolicyUse.Resource, out var fault);
        Assert.Equal("", fault);
        return ResourcePolicies.IsPublic(policy!);
    }

    private static string PolicyWith(string condition) => $$"""
        {"Version":"2012-10-17","Statement":[
         {"Effect":"Allow","Principal":{"AWS":"*"},"Action":"secretsmanager:GetSecretValue","Resource":"*","Condition":{{condition}} }]}
        """;
}
