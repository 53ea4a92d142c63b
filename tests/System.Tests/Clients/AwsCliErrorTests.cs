using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>What a user of Amazon's command line reads when keys are wrong, or when a call is for a later release.</summary>
public sealed class AwsCliErrorTests(LiveServer server) : IClassFixture<LiveServer>
{
    private static readonly string[][] OneOfEachProtocol = [["sts", "get-caller-identity"], ["sqs", "list-queues"], ["ecs", "list-clusters"]];

    [AwsCliTheory, MemberData(nameof(AwsCli.Programs), MemberType = typeof(AwsCli))]
    public async Task A_wrong_secret_is_told_as_such(string program)
    {
        var cli = new AwsCli(program, server.Endpoint, server.Keys with { SecretAccessKey = "wrong" });
        foreach (var call in OneOfEachProtocol)
        {
            var said = await cli.RefusalAsync(call);
            Assert.True(said.Contains("SignatureDoesNotMatch", StringComparison.Ordinal) || said.Contains("InvalidSignatureException", StringComparison.Ordinal), said);
        }
    }

    [AwsCliTheory, MemberData(nameof(AwsCli.Programs), MemberType = typeof(AwsCli))]
    public async Task An_unknown_key_is_told_as_such(string program)
    {
        var cli = new AwsCli(program, server.Endpoint, server.Keys with { AccessKeyId = "AKIAIOSFODNN7EXAMPLE" });
        foreach (var call in OneOfEachProtocol)
        {
            var said = await cli.RefusalAsync(call);
            Assert.True(said.Contains("InvalidClientTokenId", StringComparison.Ordinal) || said.Contains("UnrecognizedClientException", StringComparison.Ordinal), said);
        }
    }

    [AwsCliTheory, MemberData(nameof(AwsCli.Programs), MemberType = typeof(AwsCli))]
    public async Task Operations_of_later_releases_are_unknown_not_broken(string program)
    {
        var cli = new AwsCli(program, server.Endpoint, server.Keys);
        Assert.Contains("UnknownOperationException", await cli.RefusalAsync("ssm", "list-documents"), StringComparison.Ordinal);
        Assert.Contains("InvalidAction", await cli.RefusalAsync("iam", "delete-account-password-policy"), StringComparison.Ordinal);
    }
}
