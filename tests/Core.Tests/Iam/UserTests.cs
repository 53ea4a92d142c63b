using Longspan.Api.Iam;
using Longspan.Core.Tests.Access;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Xunit;

namespace Longspan.Core.Tests.Iam;

public sealed class UserTests
{
    [Fact]
    public async Task AUserIsCreatedDescribedAndDeleted()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var made = (await cloud.CallAsync(IamOperations.CreateUser, new CreateUserRequest
        {
            UserName = "Bob", Path = "/staff/", Tags = [new() { Key = "team", Value = "orders" }],
        })).User!;
        Assert.Equal("arn:aws:iam::123456789012:user/staff/Bob", made.Arn);
        Assert.StartsWith("AIDA", made.UserId);

        await cloud.RestartAsync();
        var got = (await cloud.CallAsync(IamOperations.GetUser, new GetUserRequest { UserName = "Bob" })).User!;
        Assert.Equal((made.UserId, "orders"), (got.UserId, Assert.Single(got.Tags!).Value));

        await cloud.CallAsync(IamOperations.DeleteUser, new DeleteUserRequest { UserName = "Bob" });
        var gone = await Assert.ThrowsAsync<NoSuchEntityException>(
            () => cloud.CallAsync(IamOperations.GetUser, new GetUserRequest { UserName = "Bob" }));
        Assert.Equal(("NoSuchEntity", 404, "The user with name Bob cannot be found."), (gone.QueryCode, gone.HttpStatus, gone.Message));
    }

    [Fact]
    public async Task NamesAreUniqueRegardlessOfCase()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CallAsync(IamOperations.CreateUser, new CreateUserRequest { UserName = "Bob" });
        var refusal = await Assert.ThrowsAsync<EntityAlreadyExistsException>(
            () => cloud.CallAsync(IamOperations.CreateUser, new CreateUserRequest { UserName = "BOB" }));
        Assert.Equal("User with name BOB already exists.", refusal.Message);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("has space", null)]
    [InlineData("sl/ash", null)]
    [InlineData("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg", null)]
    [InlineData("bob", "no-slashes")]
    [InlineData("bob", "/open")]
    public async Task BadNamesAndPathsAreRefused(string name, string? path)
    {
        await using var cloud = await AccessCloud.StartAsync();
        Assert.Equal("ValidationError", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(IamOperations.CreateUser, new CreateUserRequest { UserName = name, Path = path })));
    }

    [Fact]
    public async Task OfManyCreatorsAtOnceTwoGetAKey()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CallAsync(IamOperations.CreateUser, new CreateUserRequest { UserName = "bob" });
        var attempts = Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            try
            {
                return (await cloud.CallAsync(IamOperations.CreateAccessKey, new CreateAccessKeyRequest { UserName = "bob" })).AccessKey!.AccessKeyId;
            }
            catch (LimitExceededException refusal)
            {
                Assert.Equal("Cannot exceed quota for AccessKeysPerUser: 2", refusal.Message);
                return null;
            }
        })).ToArray();
        var made = (await Task.WhenAll(attempts)).OfType<string>().ToList();
        Assert.Equal(2, made.Count);

        var listed = await cloud.CallAsync(IamOperations.ListAccessKeys, new ListAccessKeysRequest { UserName = "bob" });
        Assert.Equal(made.Order(), listed.AccessKeyMetadata!.Select(k => k.AccessKeyId).Order());
        foreach (var id in made)
        {
            Assert.Equal(KeyStatus.Found, (await cloud.Keys.FindAsync(id, null, default)).Status);
        }
    }

    [Fact]
    public async Task KeysBelongToTheirUser()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var bob = await cloud.CreateUserWithKeyAsync("bob");
        await cloud.CreateUserWithKeyAsync("eve");
        Assert.Equal("NoSuchEntityException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
            IamOperations.DeleteAccessKey, new DeleteAccessKeyRequest { UserName = "eve", AccessKeyId = bob.AccessKeyId })));
        await cloud.CallAsync(IamOperations.AttachUserPolicy,
            new AttachUserPolicyRequest { UserName = "bob", PolicyArn = "arn:aws:iam::aws:policy/IAMReadOnlyAccess" });
        // Without a name the caller's own user is meant.
        var caller = (await cloud.Keys.FindAsync(bob.AccessKeyId!, null, default)).Caller!;
        var own = await cloud.CallAsync(IamOperations.ListAccessKeys, new ListAccessKeysRequest(), caller);
        Assert.Equal(bob.AccessKeyId, Assert.Single(own.AccessKeyMetadata!).AccessKeyId);
        Assert.Equal("bob", (await cloud.CallAsync(IamOperations.GetUser, new GetUserRequest(), caller)).User!.UserName);
        var session = new Caller(AccessCloud.Account, "arn:aws:sts::123456789012:assumed-role/r/s", "AROA:s", "ASIA", false);
        Assert.Equal("ValidationError", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(IamOperations.GetUser, new GetUserRequest(), session)));
    }

    [Fact]
    public async Task WhatAUserHasMustGoFirst()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateUserWithKeyAsync("bob");
        await cloud.CallAsync(IamOperations.PutUserPolicy,
            new PutUserPolicyRequest { UserName = "bob", PolicyName = "all", PolicyDocument = AccessCloud.AllowAll });
        await cloud.CallAsync(IamOperations.AttachUserPolicy,
            new AttachUserPolicyRequest { UserName = "bob", PolicyArn = "arn:aws:iam::aws:policy/AdministratorAccess" });
        Task Delete() => cloud.CallAsync(IamOperations.DeleteUser, new DeleteUserRequest { UserName = "bob" });
        async Task<string> Refusal() => (await Assert.ThrowsAsync<DeleteConflictException>(Delete)).Message;

        Assert.Equal("Cannot delete entity, must delete access keys first.", await Refusal());
        await cloud.CallAsync(IamOperations.DeleteAccessKey, new DeleteAccessKeyRequest { UserName = "bob", AccessKeyId = key.AccessKeyId });
        Assert.Equal("Cannot delete entity, must delete policies first.", await Refusal());
        await cloud.CallAsync(IamOperations.DeleteUserPolicy, new DeleteUserPolicyRequest { UserName = "bob", PolicyName = "all" });
        Assert.Equal("Cannot delete entity, must detach all policies first.", await Refusal());
        await cloud.CallAsync(IamOperations.DetachUserPolicy,
            new DetachUserPolicyRequest { UserName = "bob", PolicyArn = "arn:aws:iam::aws:policy/AdministratorAccess" });
        await Delete();
    }

    [Fact]
    public async Task TheAdministratorStays()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.BootstrapAsync();
        Assert.Equal("DeleteConflictException", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(IamOperations.DeleteUser, new DeleteUserRequest { UserName = "Admin" })));
    }

    [Fact]
    public async Task UsersAreListedByPathAndPage()
    {
        await using var cloud = await AccessCloud.StartAsync();
        foreach (var name in (string[])["d", "B", "a", "C", "e"])
        {
            await cloud.CallAsync(IamOperations.CreateUser, new CreateUserRequest { UserName = name, Path = name == "e" ? "/other/" : "/staff/" });
        }
        List<string> names = [];
        string? marker = null;
        do
        {
            var page = await cloud.CallAsync(IamOperations.ListUsers,
                new ListUsersRequest { PathPrefix = "/staff/", MaxItems = 3, Marker = marker });
            names.AddRange(page.Users!.Select(u => u.UserName!));
            Assert.Equal(page.IsTruncated, page.Marker is not null);
            marker = page.Marker;
        }
        while (marker is not null);
        Assert.Equal(["a", "B", "C", "d"], names);
        Assert.Equal("ValidationError", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(IamOperations.ListUsers, new ListUsersRequest { Marker = "?" })));
        Assert.Equal("ValidationError", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(IamOperations.ListUsers, new ListUsersRequest { MaxItems = 1001 })));
    }
}
