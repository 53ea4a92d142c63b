using Longspan.Api.Sts;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Xunit;

namespace Longspan.Core.Tests.Access;

/// <summary>Sessions that are bound to a task on a node: how they come about, and that whoever decides about them is asked each time.</summary>
public sealed class OfflineSessionTests
{
    private static readonly OfflineClaims Bound = new() { TaskArn = "arn:aws:ecs:lab-1:123456789012:task/default/t", InstanceId = "i", UsableFromSeconds = 5 };

    private static async Task<Credentials> AssumeAsync(AccessCloud cloud, Caller caller, int seconds) => (await cloud.CallAsync(
        StsOperations.AssumeRole, new() { RoleArn = "arn:aws:iam::123456789012:role/app", RoleSessionName = "t-1", DurationSeconds = seconds }, caller)).Credentials!;

    private static Task<Credentials> BoundAsync(AccessCloud cloud) =>
        AssumeAsync(cloud, Caller.ForService(AccessCloud.Account, "ecs-tasks.amazonaws.com") with { Offline = Bound }, 8 * 3600);

    [Fact]
    public async Task The_judge_is_asked_at_every_call()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CreateRoleAsync("app", AccessCloud.TrustEcsTasks);
        var keys = await BoundAsync(cloud);
        var counts = true;
        SessionClaims? asked = null;
        var judged = new AccessKeys(cloud.Cloud.Documents, cloud.Tokens, cloud.Clock, AccessCloud.Account)
        {
            Offline = (session, _) => ValueTask.FromResult((asked = session) is not null && counts),
        };
        for (var round = 0; round < 3; round++, counts = !counts)
        {
            var found = await judged.FindAsync(keys.AccessKeyId!, keys.SessionToken, default);
            Assert.Equal(counts ? KeyStatus.Found : KeyStatus.Expired, found.Status);
            Assert.Equal(counts ? Bound : null, found.Caller?.Offline);
            Assert.Equal(Bound, asked!.Offline);
        }
    }

    [Fact]
    public async Task Where_nobody_decides_none_counts()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CreateRoleAsync("app", AccessCloud.TrustEcsTasks);
        var keys = await BoundAsync(cloud);
        for (var round = 0; round < 2; round++)
        {
            Assert.Equal(KeyStatus.Expired, (await cloud.Keys.FindAsync(keys.AccessKeyId!, keys.SessionToken, default)).Status);
        }
    }

    [Fact]
    public async Task What_is_taken_on_from_a_bound_session_is_bound_alike_and_usual_sessions_are_not()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CreateRoleAsync("app", AccessCloud.TrustAccount);
        var caller = cloud.Administrator with { Offline = Bound };
        var chained = await AssumeAsync(cloud, caller, 900);
        Assert.Equal(Bound, cloud.Tokens.TryOpen(chained.SessionToken!, chained.AccessKeyId!)!.Offline);
        var usual = await AssumeAsync(cloud, cloud.Administrator, 900);
        Assert.Null(cloud.Tokens.TryOpen(usual.SessionToken!, usual.AccessKeyId!)!.Offline);
        Assert.Equal(KeyStatus.Found, (await cloud.Keys.FindAsync(usual.AccessKeyId!, usual.SessionToken, default)).Status);
    }
}
