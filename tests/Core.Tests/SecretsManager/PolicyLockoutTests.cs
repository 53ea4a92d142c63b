using Longspan.Api.Iam;
using Longspan.Api.SecretsManager;
using Longspan.Core.Tests.Access;
using Longspan.Kernel;
using Longspan.Services.SecretsManager;
using Xunit;

namespace Longspan.Core.Tests.SecretsManager;

/// <summary>A policy under which its author could not put another.</summary>
public sealed class PolicyLockoutTests
{
    [Fact]
    public async Task APolicyThatLocksItsAuthorOutFails()
    {
        await using var cloud = await AccessCloud.StartAsync();
        cloud.Cloud.Add(new SecretsManagerModule(cloud.Cloud));
        await cloud.CallAsync(SecretsManagerOperations.CreateSecret, new() { Name = "s", SecretString = "v", ClientRequestToken = Ids.Uuid() });
        var author = await UserAsync(cloud, "author", "secretsmanager:*");
        var other = await UserAsync(cloud, "other", "secretsmanager:ValidateResourcePolicy");
        var everybody = PolicyWith("Deny", "*", "secretsmanager:*");
        var allButAuthor = PolicyWith("Deny", "*", "secretsmanager:*", $$$"""{"ArnNotEquals":{"aws:PrincipalArn":"{{{author.Arn}}}"}}""");
        var reading = PolicyWith("Deny", author.Arn, "secretsmanager:GetSecretValue");
        var otherPuts = PolicyWith("Allow", other.Arn, "secretsmanager:PutResourcePolicy");

        foreach (var secret in (string?[])["s", null])
        {
            Assert.Equal(["PolicyLockout"], await FailedAsync(cloud, author, secret, everybody));
            Assert.Empty(await FailedAsync(cloud, author, secret, allButAuthor));
            Assert.Empty(await FailedAsync(cloud, author, secret, reading));
        }
        // Who may not put a policy now could not later, unless this one lets them.
        Assert.Equal(["PolicyLockout"], await FailedAsync(cloud, other, "s", reading));
        Assert.Empty(await FailedAsync(cloud, other, "s", otherPuts));
        Assert.Equal(["PolicyLockout"], await FailedAsync(cloud, cloud.Administrator, "s", everybody));
        Assert.Empty(await FailedAsync(cloud, cloud.Administrator, "s", otherPuts));
    }

    private static string PolicyWith(string effect, string principal, string action, string condition = "{}") => $$"""
        {"Version":"2012-10-17","Statement":[
         {"Effect":"{{effect}}","Principal":{"AWS":"{{principal}}"},"Action":"{{action}}","Resource":"*","Condition":{{condition}} }]}
        """;

    private static async Task<string[]> FailedAsync(AccessCloud cloud, Caller caller, string? secret, string policy)
    {
        var answer = await cloud.CallAsync(
            SecretsManagerOperations.ValidateResourcePolicy, new() { SecretId = secret, ResourcePolicy = policy }, caller);
        Assert.Equal(answer.ValidationErrors!.Count == 0, answer.PolicyValidationPassed);
        return [.. answer.ValidationErrors.Select(e => e.CheckName!)];
    }

    private static async Task<Caller> UserAsync(AccessCloud cloud, string name, string action)
    {
        var key = await cloud.CreateUserWithKeyAsync(name);
        await cloud.CallAsync(IamOperations.PutUserPolicy, new()
        {
            UserName = name, PolicyName = "own",
            PolicyDocument = $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"{{action}}","Resource":"*"}]}""",
        });
        return (await cloud.Keys.FindAsync(key.AccessKeyId!, null, default)).Caller!;
    }
}
