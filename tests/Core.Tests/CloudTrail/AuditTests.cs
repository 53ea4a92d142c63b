using System.Text;
using System.Text.Json;
using Longspan.Api.CloudTrail;
using Longspan.Api.Iam;
using Longspan.Api.Shapes;
using Longspan.Api.Ssm;
using Longspan.Api.Sts;
using Longspan.Kernel.Audit;
using Xunit;

namespace Longspan.Core.Tests.CloudTrail;

public sealed class AuditTests
{
    private static JsonElement Parse(Event one) => JsonDocument.Parse(one.CloudTrailEvent!).RootElement;

    [Fact]
    public async Task A_change_is_written_down_with_who_what_when_and_from_where()
    {
        await using var cloud = await AuditCloud.StartAsync();
        await cloud.CallAsync(IamOperations.CreateUser, new CreateUserRequest { UserName = "ann" });

        var found = Assert.Single(await cloud.LookUpAsync());
        Assert.Equal(("CreateUser", "iam.amazonaws.com", "false", "admin"), (found.EventName, found.EventSource, found.ReadOnly, found.Username));
        Assert.Equal(cloud.Clock.GetUtcNow(), found.EventTime);
        var whole = Parse(found);
        Assert.Equal("203.0.113.7", whole.GetProperty("sourceIPAddress").GetString());
        Assert.Equal("test/1", whole.GetProperty("userAgent").GetString());
        Assert.Equal("IAMUser", whole.GetProperty("userIdentity").GetProperty("type").GetString());
        Assert.Equal("AKIAADMINADMINADMIN1", whole.GetProperty("userIdentity").GetProperty("accessKeyId").GetString());
        Assert.Equal("ann", whole.GetProperty("requestParameters").GetProperty("userName").GetString());
        Assert.Equal("ann", whole.GetProperty("responseElements").GetProperty("user").GetProperty("userName").GetString());
        Assert.False(whole.TryGetProperty("errorCode", out _));
    }

    [Fact]
    public async Task Reading_is_not_written_down()
    {
        await using var cloud = await AuditCloud.StartAsync();
        await cloud.CallAsync(IamOperations.ListUsers, new ListUsersRequest());
        await cloud.CallAsync(StsOperations.GetCallerIdentity, new GetCallerIdentityRequest());
        Assert.Empty(await cloud.LookUpAsync());
    }

    [Fact]
    public async Task A_failed_change_is_written_down_with_its_error()
    {
        await using var cloud = await AuditCloud.StartAsync();
        await Assert.ThrowsAnyAsync<AwsError>(() => cloud.CallAsync(IamOperations.DeleteUser, new DeleteUserRequest { UserName = "nobody" }));
        Assert.Equal("NoSuchEntityException", Parse(Assert.Single(await cloud.LookUpAsync("EventName", "DeleteUser"))).GetProperty("errorCode").GetString());
    }

    [Fact]
    public async Task A_denied_reading_is_written_down()
    {
        await using var cloud = await AuditCloud.StartAsync();
        var role = $"arn:aws:iam::{AuditCloud.Account}:role/none";
        await Assert.ThrowsAnyAsync<AwsError>(() => cloud.CallAsync(StsOperations.AssumeRole, new AssumeRoleRequest { RoleArn = role, RoleSessionName = "mine" }));
        Assert.Equal("AccessDenied", Parse(Assert.Single(await cloud.LookUpAsync())).GetProperty("errorCode").GetString());
    }

    [Fact]
    public async Task No_secret_reaches_the_trail_or_the_disk()
    {
        await using var cloud = await AuditCloud.StartAsync();
        await cloud.CallAsync(IamOperations.CreateUser, new CreateUserRequest { UserName = "ann" });
        var key = (await cloud.CallAsync(IamOperations.CreateAccessKey, new CreateAccessKeyRequest { UserName = "ann" })).AccessKey!;
        await cloud.CallAsync(SsmOperations.PutParameter, new PutParameterRequest { Name = "/db/password", Value = "correct-horse-battery", Type = "SecureString" });

        var texts = (await cloud.LookUpAsync()).Select(e => e.CloudTrailEvent!).ToArray();
        Assert.Equal(3, texts.Length);
        Assert.Contains(texts, text => text.Contains(key.AccessKeyId!, StringComparison.Ordinal));
        string[] secrets = [key.SecretAccessKey!, "correct-horse-battery"];
        Assert.DoesNotContain(texts, text => secrets.Any(secret => text.Contains(secret, StringComparison.Ordinal)));
        foreach (var file in Directory.EnumerateFiles(cloud.Folder, "records.db*"))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var bytes = new byte[stream.Length];
            await stream.ReadExactlyAsync(bytes);
            Assert.DoesNotContain(secrets, secret => bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)) >= 0);
        }
    }

    [Theory]
    [InlineData("EventName", "CreateRole", 1)]
    [InlineData("EventSource", "iam.amazonaws.com", 2)]
    [InlineData("EventSource", "ssm.amazonaws.com", 1)]
    [InlineData("Username", "admin", 3)]
    [InlineData("Username", "ann", 0)]
    [InlineData("ReadOnly", "false", 3)]
    [InlineData("ReadOnly", "true", 0)]
    [InlineData("AccessKeyId", "AKIAADMINADMINADMIN1", 3)]
    public async Task Events_are_found_by_each_attribute(string key, string value, int count)
    {
        await using var cloud = await AuditCloud.StartAsync();
        await cloud.CallAsync(IamOperations.CreateUser, new CreateUserRequest { UserName = "bob" });
        await cloud.CallAsync(IamOperations.CreateRole, new CreateRoleRequest { RoleName = "r", AssumeRolePolicyDocument = Access.AccessCloud.TrustAccount });
        await cloud.CallAsync(SsmOperations.PutParameter, new PutParameterRequest { Name = "p", Value = "v", Type = "String" });
        Assert.Equal(count, (await cloud.LookUpAsync(key, value)).Count);
    }

    [Fact]
    public async Task Events_of_a_region_show_there_and_those_of_iam_everywhere()
    {
        await using var cloud = await AuditCloud.StartAsync();
        await cloud.CallAsync(SsmOperations.PutParameter, new PutParameterRequest { Name = "p", Value = "v", Type = "String" });
        await cloud.CallAsync(IamOperations.CreateUser, new CreateUserRequest { UserName = "bob" });
        Assert.Equal(["CreateUser"], (await cloud.LookUpAsync(region: "other-1")).Select(e => e.EventName));
        Assert.Equal(["CreateUser", "PutParameter"], (await cloud.LookUpAsync()).Select(e => e.EventName).Order());
    }

    [Fact]
    public async Task Pages_go_back_in_time_without_a_gap_or_a_repeat()
    {
        await using var cloud = await AuditCloud.StartAsync();
        for (var i = 0; i < 7; i++)
        {
            await cloud.CallAsync(IamOperations.CreateUser, new CreateUserRequest { UserName = $"u{i}" });
            cloud.Clock.Advance(TimeSpan.FromSeconds(i % 2));
        }
        var seen = new List<string>();
        string? token = null;
        do
        {
            var page = await cloud.CallAsync(CloudTrailOperations.LookupEvents, new LookupEventsRequest { MaxResults = 3, NextToken = token });
            seen.AddRange(page.Events!.Select(e => Parse(e).GetProperty("requestParameters").GetProperty("userName").GetString()!));
            token = page.NextToken;
        }
        while (token is not null);
        Assert.Equal(["u6", "u5", "u4", "u3", "u2", "u1", "u0"], seen);
    }

    [Fact]
    public async Task Events_older_than_ninety_days_are_neither_shown_nor_kept()
    {
        await using var cloud = await AuditCloud.StartAsync();
        await cloud.CallAsync(IamOperations.CreateUser, new CreateUserRequest { UserName = "old" });
        cloud.Clock.Advance(AuditTrail.Retention + TimeSpan.FromMinutes(1));
        await cloud.CallAsync(IamOperations.CreateUser, new CreateUserRequest { UserName = "new" });
        Assert.Single(await cloud.LookUpAsync());
        await cloud.Trail.Reconcilers.Single().RunAsync(AuditCloud.Account, default);
        cloud.Clock.Advance(-AuditTrail.Retention);
        Assert.Single(await cloud.LookUpAsync());
    }

    [Fact]
    public async Task Wrong_questions_are_refused()
    {
        await using var cloud = await AuditCloud.StartAsync();
        Task<LookupEventsResponse> Ask(LookupEventsRequest request) => cloud.CallAsync(CloudTrailOperations.LookupEvents, request);
        await Assert.ThrowsAsync<InvalidMaxResultsException>(() => Ask(new() { MaxResults = 51 }));
        await Assert.ThrowsAsync<InvalidLookupAttributesException>(() => Ask(new() { LookupAttributes = [new() { AttributeKey = "Colour", AttributeValue = "red" }] }));
        await Assert.ThrowsAsync<InvalidNextTokenException>(() => Ask(new() { NextToken = "bm90LW91cnM" }));
        await Assert.ThrowsAsync<InvalidNextTokenException>(() => Ask(new() { NextToken = "!" }));
        await Assert.ThrowsAsync<InvalidTimeRangeException>(() => Ask(new() { StartTime = cloud.Clock.GetUtcNow(), EndTime = cloud.Clock.GetUtcNow().AddHours(-1) }));
    }
}
