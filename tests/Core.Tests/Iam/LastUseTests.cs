using System.Text;
using Longspan.Api.Iam;
using Longspan.Core.Tests.Access;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Store.Documents;
using Xunit;

namespace Longspan.Core.Tests.Iam;

public sealed class LastUseTests
{
    private static async Task<AccessKeyLastUsed> OfKeyAsync(AccessCloud cloud, string id) =>
        (await cloud.CallAsync(IamOperations.GetAccessKeyLastUsed, new() { AccessKeyId = id })).AccessKeyLastUsed!;

    private static async Task<RoleLastUsed> OfRoleAsync(AccessCloud cloud, string name) =>
        (await cloud.CallAsync(IamOperations.GetRole, new() { RoleName = name })).Role!.RoleLastUsed!;

    private static async Task<Caller> KeyAsync(AccessCloud cloud, string user) =>
        (await cloud.Keys.FindAsync((await cloud.CreateUserWithKeyAsync(user)).AccessKeyId!, null, default)).Caller!;

    private static async Task<Caller> SessionAsync(AccessCloud cloud, string role)
    {
        var keys = (await cloud.CallAsync(
            Api.Sts.StsOperations.AssumeRole, new() { RoleArn = $"arn:aws:iam::{AccessCloud.Account}:role/{role}", RoleSessionName = "job" })).Credentials!;
        return (await cloud.Keys.FindAsync(keys.AccessKeyId!, keys.SessionToken, default)).Caller!;
    }

    [Fact]
    public async Task A_keys_last_call_is_told_at_once_and_after_a_restart()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var caller = await KeyAsync(cloud, "ann");
        var never = await OfKeyAsync(cloud, caller.AccessKeyId);
        Assert.Equal((null, "N/A", "N/A"), (never.LastUsedDate, never.ServiceName, never.Region));

        cloud.Cloud.Uses.Note(caller, "sqs", "eu-west-1");
        cloud.Clock.Advance(TimeSpan.FromHours(1));
        cloud.Cloud.Uses.Note(caller, "ecs", "lab-1");
        var expected = ((DateTimeOffset?)cloud.Clock.GetUtcNow(), "ecs", "lab-1");
        var used = await OfKeyAsync(cloud, caller.AccessKeyId);
        Assert.Equal(expected, (used.LastUsedDate, used.ServiceName, used.Region));

        await cloud.Cloud.Uses.WriteAsync(default);
        await cloud.RestartAsync();
        used = await OfKeyAsync(cloud, caller.AccessKeyId);
        Assert.Equal(expected, (used.LastUsedDate, used.ServiceName, used.Region));
        var report = Encoding.UTF8.GetString((await cloud.CallAsync(IamOperations.GetCredentialReport, new())).Content!.Value.Span);
        Assert.Contains($",{used.LastUsedDate:yyyy-MM-dd'T'HH:mm:ss}+00:00,lab-1,ecs,FALSE,N/A,N/A,N/A,N/A,", report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_roles_sessions_are_its_use_for_400_days()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CreateRoleAsync("worker");
        var caller = await SessionAsync(cloud, "worker");
        Assert.Null((await OfRoleAsync(cloud, "worker")).LastUsedDate);
        cloud.Cloud.Uses.Note(caller, "sqs", "eu-west-1");
        var at = cloud.Clock.GetUtcNow();
        await cloud.Cloud.Uses.WriteAsync(default);

        cloud.Clock.Advance(TimeSpan.FromDays(400));
        var used = await OfRoleAsync(cloud, "worker");
        Assert.Equal((at, "eu-west-1"), (used.LastUsedDate, used.Region));
        var detail = Assert.Single((await cloud.CallAsync(IamOperations.GetAccountAuthorizationDetails, new() { Filter = ["Role"] })).RoleDetailList!);
        Assert.Equal(at, detail.RoleLastUsed!.LastUsedDate);
        cloud.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null((await OfRoleAsync(cloud, "worker")).LastUsedDate);
    }

    [Fact]
    public async Task Many_calls_are_one_write_and_no_look_up_of_callers_is_thrown_away_for_it()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var caller = await KeyAsync(cloud, "ann");
        var changes = AccessChanges.Of(cloud.Cloud.Documents).Count;
        for (var call = 0; call < 1000; call++)
        {
            cloud.Cloud.Uses.Note(caller, "sqs", "lab-1");
        }
        var before = cloud.Cloud.Documents.Revision;
        await cloud.Cloud.Uses.WriteAsync(default);
        await cloud.Cloud.Uses.WriteAsync(default);
        Assert.Equal(1, cloud.Cloud.Documents.Revision - before);
        Assert.Equal(changes, AccessChanges.Of(cloud.Cloud.Documents).Count);
    }

    [Fact]
    public async Task Uses_for_the_same_are_noted_once_a_minute()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var caller = await KeyAsync(cloud, "ann");
        var first = cloud.Clock.GetUtcNow();
        cloud.Cloud.Uses.Note(caller, "sqs", "lab-1");
        cloud.Clock.Advance(LastUses.Grain - TimeSpan.FromSeconds(1));
        cloud.Cloud.Uses.Note(caller, "sqs", "lab-1");
        Assert.Equal(first, (await OfKeyAsync(cloud, caller.AccessKeyId)).LastUsedDate);
        cloud.Clock.Advance(TimeSpan.FromSeconds(1));
        cloud.Cloud.Uses.Note(caller, "sqs", "lab-1");
        Assert.Equal(first + LastUses.Grain, (await OfKeyAsync(cloud, caller.AccessKeyId)).LastUsedDate);
    }

    [Fact]
    public async Task What_is_deleted_takes_its_last_use_along_and_a_role_made_again_was_never_used()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await KeyAsync(cloud, "ann");
        await cloud.CreateRoleAsync("worker");
        var session = await SessionAsync(cloud, "worker");
        foreach (var caller in new[] { key, session })
        {
            cloud.Cloud.Uses.Note(caller, "sqs", "lab-1");
        }
        await cloud.Cloud.Uses.WriteAsync(default);
        // Noted once more, and not written when its owner goes.
        cloud.Clock.Advance(TimeSpan.FromHours(1));
        cloud.Cloud.Uses.Note(key, "sqs", "lab-1");
        cloud.Cloud.Uses.Note(session, "sqs", "lab-1");
        await cloud.CallAsync(IamOperations.DeleteAccessKey, new() { UserName = "ann", AccessKeyId = key.AccessKeyId });
        await cloud.CallAsync(IamOperations.DeleteRole, new() { RoleName = "worker" });
        await cloud.CreateRoleAsync("worker");
        await cloud.Cloud.Uses.WriteAsync(default);
        Assert.Null(await cloud.Cloud.Uses.FindAsync(key.AccessKeyId, default));
        Assert.Null(await cloud.Cloud.Uses.FindAsync(session.UserId.Split(':')[0], default));
        Assert.Null((await OfRoleAsync(cloud, "worker")).LastUsedDate);
    }

    [Fact]
    public async Task Services_strangers_and_users_sessions_leave_no_trace_and_what_waits_is_bounded()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var user = await KeyAsync(cloud, "ann");
        cloud.Cloud.Uses.Note(Caller.ForService(AccessCloud.Account, "ecs-tasks.amazonaws.com"), "sts", "lab-1");
        cloud.Cloud.Uses.Note(Caller.Anonymous(AccessCloud.Account), "sts", "lab-1");
        cloud.Cloud.Uses.Note(user with { Session = new CallerSession { IssuedAt = cloud.Clock.GetUtcNow() } }, "sts", "lab-1");
        Assert.Equal("N/A", (await OfKeyAsync(cloud, user.AccessKeyId)).ServiceName);
        for (var i = 0; i < LastUses.MaximumWaiting; i++)
        {
            cloud.Cloud.Uses.Note(user with { AccessKeyId = $"AKIA{i:0000000000000000}" }, "sqs", "lab-1");
        }
        cloud.Cloud.Uses.Note(user, "sqs", "lab-1");
        Assert.Equal("N/A", (await OfKeyAsync(cloud, user.AccessKeyId)).ServiceName);
        // Keys that nobody issued, as servers take them that accept any, go with the next write.
        await cloud.Cloud.Uses.WriteAsync(default);
        cloud.Cloud.Uses.Note(user, "sqs", "lab-1");
        Assert.Equal("sqs", (await OfKeyAsync(cloud, user.AccessKeyId)).ServiceName);
    }
}
