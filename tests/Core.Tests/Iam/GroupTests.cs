using Longspan.Api.Iam;
using Longspan.Core.Tests.Access;
using Longspan.Kernel.Access.Documents;
using Xunit;

namespace Longspan.Core.Tests.Iam;

public sealed class GroupTests
{
    [Fact]
    public async Task AGroupIsCreatedDescribedAndDeleted()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var made = (await cloud.CallAsync(IamOperations.CreateGroup, new CreateGroupRequest { GroupName = "Devs", Path = "/staff/" })).Group!;
        Assert.Equal("arn:aws:iam::123456789012:group/staff/Devs", made.Arn);
        Assert.StartsWith("AGPA", made.GroupId);
        Assert.Equal("Group with name DEVS already exists.", (await Assert.ThrowsAsync<EntityAlreadyExistsException>(
            () => cloud.CallAsync(IamOperations.CreateGroup, new CreateGroupRequest { GroupName = "DEVS" }))).Message);

        await cloud.RestartAsync();
        var got = await cloud.CallAsync(IamOperations.GetGroup, new GetGroupRequest { GroupName = "devs" });
        Assert.Equal(made.GroupId, got.Group!.GroupId);
        Assert.Empty(got.Users!);
        await cloud.CallAsync(IamOperations.DeleteGroup, new DeleteGroupRequest { GroupName = "Devs" });
        Assert.Equal("The group with name Devs cannot be found.", (await Assert.ThrowsAsync<NoSuchEntityException>(
            () => cloud.CallAsync(IamOperations.GetGroup, new GetGroupRequest { GroupName = "Devs" }))).Message);
    }

    [Fact]
    public async Task MembersComeGoAndAreListedBothWays()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await GroupAsync(cloud, "devs", "ops");
        await UserAsync(cloud, "bob", "eve");
        await AddAsync(cloud, "devs", "bob");
        await AddAsync(cloud, "devs", "bob");
        await AddAsync(cloud, "ops", "bob");
        await AddAsync(cloud, "devs", "eve");

        Assert.Equal(["bob", "eve"], await MembersAsync(cloud, "devs"));
        Assert.Equal(["devs", "ops"], await GroupsAsync(cloud, "bob"));
        var page = await cloud.CallAsync(IamOperations.GetGroup, new GetGroupRequest { GroupName = "devs", MaxItems = 1 });
        var rest = await cloud.CallAsync(IamOperations.GetGroup, new GetGroupRequest { GroupName = "devs", Marker = page.Marker });
        Assert.Equal((true, "bob", "eve"), (page.IsTruncated, Assert.Single(page.Users!).UserName, Assert.Single(rest.Users!).UserName));

        await cloud.CallAsync(IamOperations.RemoveUserFromGroup, new RemoveUserFromGroupRequest { GroupName = "devs", UserName = "bob" });
        Assert.Equal(["eve"], await MembersAsync(cloud, "devs"));
        Assert.Equal(["ops"], await GroupsAsync(cloud, "bob"));
        Assert.Equal("NoSuchEntityException", await AccessCloud.CodeOfAsync(() => AddAsync(cloud, "devs", "nobody")));
        Assert.Equal("NoSuchEntityException", await AccessCloud.CodeOfAsync(() => AddAsync(cloud, "nothing", "bob")));
    }

    [Fact]
    public async Task AUserIsInTenGroupsAtMost()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await UserAsync(cloud, "bob");
        for (var i = 0; i < 10; i++)
        {
            await GroupAsync(cloud, $"g{i}");
            await AddAsync(cloud, $"g{i}", "bob");
        }
        await GroupAsync(cloud, "eleventh");
        Assert.Equal("Cannot exceed quota for GroupsPerUser: 10",
            (await Assert.ThrowsAsync<LimitExceededException>(() => AddAsync(cloud, "eleventh", "bob"))).Message);
    }

    [Fact]
    public async Task WhatAGroupHasMustGoFirst()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await GroupAsync(cloud, "devs");
        await UserAsync(cloud, "bob");
        await AddAsync(cloud, "devs", "bob");
        await cloud.CallAsync(IamOperations.PutGroupPolicy,
            new PutGroupPolicyRequest { GroupName = "devs", PolicyName = "all", PolicyDocument = AccessCloud.AllowAll });
        await cloud.CallAsync(IamOperations.AttachGroupPolicy,
            new AttachGroupPolicyRequest { GroupName = "devs", PolicyArn = "arn:aws:iam::aws:policy/AdministratorAccess" });
        Task Delete() => cloud.CallAsync(IamOperations.DeleteGroup, new DeleteGroupRequest { GroupName = "devs" });
        async Task<string> Refusal() => (await Assert.ThrowsAsync<DeleteConflictException>(Delete)).Message;

        Assert.Equal("Cannot delete entity, must remove users from group first.", await Refusal());
        Assert.Equal("Cannot delete entity, must remove users from group first.", (await Assert.ThrowsAsync<DeleteConflictException>(
            () => cloud.CallAsync(IamOperations.DeleteUser, new DeleteUserRequest { UserName = "bob" }))).Message);
        await cloud.CallAsync(IamOperations.RemoveUserFromGroup, new RemoveUserFromGroupRequest { GroupName = "devs", UserName = "bob" });
        Assert.Equal("Cannot delete entity, must delete policies first.", await Refusal());
        await cloud.CallAsync(IamOperations.DeleteGroupPolicy, new DeleteGroupPolicyRequest { GroupName = "devs", PolicyName = "all" });
        Assert.Equal("Cannot delete entity, must detach all policies first.", await Refusal());
        await cloud.CallAsync(IamOperations.DetachGroupPolicy,
            new DetachGroupPolicyRequest { GroupName = "devs", PolicyArn = "arn:aws:iam::aws:policy/AdministratorAccess" });
        await Delete();
    }

    [Fact]
    public async Task ADeletionAndANewMemberThatRaceDoNotBothSucceed()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await UserAsync(cloud, "bob");
        for (var round = 0; round < 20; round++)
        {
            await GroupAsync(cloud, $"g{round}");
            var name = $"g{round}";
            var add = Task.Run(() => SucceedsAsync(() => AddAsync(cloud, name, "bob")));
            var delete = Task.Run(() => SucceedsAsync(() => cloud.CallAsync(IamOperations.DeleteGroup, new DeleteGroupRequest { GroupName = name })));
            Assert.NotEqual(await add, await delete);
            if (await add)
            {
                await cloud.CallAsync(IamOperations.RemoveUserFromGroup, new RemoveUserFromGroupRequest { GroupName = name, UserName = "bob" });
            }
        }
    }

    [Fact]
    public async Task ARenamedGroupKeepsItsMembersAndPolicies()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await GroupAsync(cloud, "devs", "taken");
        await UserAsync(cloud, "bob");
        await AddAsync(cloud, "devs", "bob");
        await cloud.CallAsync(IamOperations.PutGroupPolicy,
            new PutGroupPolicyRequest { GroupName = "devs", PolicyName = "all", PolicyDocument = AccessCloud.AllowAll });
        Assert.Equal("EntityAlreadyExistsException", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(IamOperations.UpdateGroup, new UpdateGroupRequest { GroupName = "devs", NewGroupName = "Taken" })));

        await cloud.CallAsync(IamOperations.UpdateGroup, new UpdateGroupRequest { GroupName = "devs", NewGroupName = "Makers", NewPath = "/new/" });
        Assert.Equal(["Makers"], await GroupsAsync(cloud, "bob"));
        Assert.Equal(["bob"], await MembersAsync(cloud, "makers"));
        var policies = await cloud.CallAsync(IamOperations.ListGroupPolicies, new ListGroupPoliciesRequest { GroupName = "makers" });
        Assert.Equal(["all"], policies.PolicyNames);
        Assert.Equal("NoSuchEntityException", await AccessCloud.CodeOfAsync(() => MembersAsync(cloud, "devs")));
    }

    [Fact]
    public async Task PoliciesArePutReadAttachedAndCounted()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await GroupAsync(cloud, "devs");
        await cloud.CallAsync(IamOperations.PutGroupPolicy,
            new PutGroupPolicyRequest { GroupName = "devs", PolicyName = "all", PolicyDocument = AccessCloud.AllowAll });
        var got = await cloud.CallAsync(IamOperations.GetGroupPolicy, new GetGroupPolicyRequest { GroupName = "Devs", PolicyName = "all" });
        Assert.Equal(("devs", AccessCloud.AllowAll), (got.GroupName, Uri.UnescapeDataString(got.PolicyDocument!)));
        var large = AccessCloud.AllowAll.Replace("\"Effect\"", $"\"Sid\":\"{new string('x', 5000)}\",\"Effect\"", StringComparison.Ordinal);
        Assert.Equal("Maximum policy size of 5120 bytes exceeded for group devs", (await Assert.ThrowsAsync<LimitExceededException>(() => cloud.CallAsync(
            IamOperations.PutGroupPolicy, new PutGroupPolicyRequest { GroupName = "devs", PolicyName = "two", PolicyDocument = large }))).Message);

        var arn = (await cloud.CallAsync(IamOperations.CreatePolicy,
            new CreatePolicyRequest { PolicyName = "own", PolicyDocument = AccessCloud.AllowAll })).Policy!.Arn!;
        await cloud.CallAsync(IamOperations.AttachGroupPolicy, new AttachGroupPolicyRequest { GroupName = "devs", PolicyArn = arn });
        var attached = await cloud.CallAsync(IamOperations.ListAttachedGroupPolicies, new ListAttachedGroupPoliciesRequest { GroupName = "devs" });
        Assert.Equal(arn, Assert.Single(attached.AttachedPolicies!).PolicyArn);
        Assert.Equal(1, (await cloud.CallAsync(IamOperations.GetPolicy, new GetPolicyRequest { PolicyArn = arn })).Policy!.AttachmentCount);
        var entities = await cloud.CallAsync(IamOperations.ListEntitiesForPolicy, new ListEntitiesForPolicyRequest { PolicyArn = arn });
        Assert.Equal("devs", Assert.Single(entities.PolicyGroups!).GroupName);
        Assert.Equal("DeleteConflictException", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(IamOperations.DeletePolicy, new DeletePolicyRequest { PolicyArn = arn })));
    }

    [Fact]
    public void AUserThatWasStoredBeforeThereWereGroupsIsInNone()
    {
        const string Old = """{"userName":"bob","userId":"AIDA1","path":"/","createdAt":"2026-01-01T00:00:00+00:00","accessKeyIds":[]}""";
        var user = global::System.Text.Json.JsonSerializer.Deserialize(Old, AccessKinds.Users.Json)!;
        Assert.Empty(user.GroupNames);
        Assert.Empty((user with { UserName = "eve" }).GroupNames);
    }

    internal static async Task UserAsync(AccessCloud cloud, params string[] names)
    {
        foreach (var name in names)
        {
            await cloud.CallAsync(IamOperations.CreateUser, new CreateUserRequest { UserName = name });
        }
    }

    private static async Task GroupAsync(AccessCloud cloud, params string[] names)
    {
        foreach (var name in names)
        {
            await cloud.CallAsync(IamOperations.CreateGroup, new CreateGroupRequest { GroupName = name });
        }
    }

    private static Task AddAsync(AccessCloud cloud, string group, string user) =>
        cloud.CallAsync(IamOperations.AddUserToGroup, new AddUserToGroupRequest { GroupName = group, UserName = user });

    private static async Task<string[]> MembersAsync(AccessCloud cloud, string group) =>
        [.. (await cloud.CallAsync(IamOperations.GetGroup, new GetGroupRequest { GroupName = group })).Users!.Select(u => u.UserName!)];

    private static async Task<string[]> GroupsAsync(AccessCloud cloud, string user) =>
        [.. (await cloud.CallAsync(IamOperations.ListGroupsForUser, new ListGroupsForUserRequest { UserName = user })).Groups!.Select(g => g.GroupName!)];

    private static async Task<bool> SucceedsAsync(Func<Task> call)
    {
        try
        {
            await call();
            return true;
        }
        catch (Longspan.Api.Shapes.AwsError)
        {
            return false;
        }
    }
}
