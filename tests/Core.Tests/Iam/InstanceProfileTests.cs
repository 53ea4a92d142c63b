using Longspan.Api.Iam;
using Longspan.Core.Tests.Access;
using Xunit;

namespace Longspan.Core.Tests.Iam;

public sealed class InstanceProfileTests
{
    [Fact]
    public async Task AProfileHoldsOneRoleAndLetsItGo()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var made = (await cloud.CallAsync(IamOperations.CreateInstanceProfile, new CreateInstanceProfileRequest
        {
            InstanceProfileName = "web", Path = "/nodes/", Tags = [new() { Key = "site", Value = "cloud" }],
        })).InstanceProfile!;
        Assert.Equal("arn:aws:iam::123456789012:instance-profile/nodes/web", made.Arn);
        Assert.StartsWith("AIPA", made.InstanceProfileId);
        await cloud.CreateRoleAsync("worker");
        await cloud.CreateRoleAsync("other");
        await AddAsync(cloud, "worker");

        await cloud.RestartAsync();
        var got = await GetAsync(cloud);
        Assert.Equal(("worker", "cloud"), (Assert.Single(got.Roles!).RoleName, Assert.Single(got.Tags!).Value));
        var ofRole = await cloud.CallAsync(IamOperations.ListInstanceProfilesForRole, new ListInstanceProfilesForRoleRequest { RoleName = "worker" });
        Assert.Equal("web", Assert.Single(ofRole.InstanceProfiles!).InstanceProfileName);
        Assert.Equal("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
            (await Assert.ThrowsAsync<LimitExceededException>(() => AddAsync(cloud, "other"))).Message);

        await cloud.CallAsync(IamOperations.RemoveRoleFromInstanceProfile,
            new RemoveRoleFromInstanceProfileRequest { InstanceProfileName = "web", RoleName = "worker" });
        Assert.Empty((await GetAsync(cloud)).Roles!);
        Assert.Equal("NoSuchEntityException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(IamOperations.RemoveRoleFromInstanceProfile,
            new RemoveRoleFromInstanceProfileRequest { InstanceProfileName = "web", RoleName = "worker" })));
    }

    [Fact]
    public async Task NeitherTheRoleNorTheProfileIsDeletedWhileTheyHoldEachOther()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CallAsync(IamOperations.CreateInstanceProfile, new CreateInstanceProfileRequest { InstanceProfileName = "web" });
        await cloud.CreateRoleAsync("worker");
        await AddAsync(cloud, "worker");
        Task DeleteProfile() => cloud.CallAsync(IamOperations.DeleteInstanceProfile, new DeleteInstanceProfileRequest { InstanceProfileName = "web" });
        Task DeleteRole() => cloud.CallAsync(IamOperations.DeleteRole, new DeleteRoleRequest { RoleName = "worker" });

        Assert.Equal("Cannot delete entity, must remove roles from instance profile first.",
            (await Assert.ThrowsAsync<DeleteConflictException>(DeleteProfile)).Message);
        Assert.Equal("Cannot delete entity, must remove roles from instance profile first.",
            (await Assert.ThrowsAsync<DeleteConflictException>(DeleteRole)).Message);
        await cloud.CallAsync(IamOperations.RemoveRoleFromInstanceProfile,
            new RemoveRoleFromInstanceProfileRequest { InstanceProfileName = "web", RoleName = "worker" });
        await DeleteProfile();
        await DeleteRole();
        Assert.Equal("Instance Profile web cannot be found.", (await Assert.ThrowsAsync<NoSuchEntityException>(() => GetAsync(cloud))).Message);
    }

    [Fact]
    public async Task ProfilesAreListedAndTagged()
    {
        await using var cloud = await AccessCloud.StartAsync();
        foreach (var name in (string[])["web", "api"])
        {
            await cloud.CallAsync(IamOperations.CreateInstanceProfile, new CreateInstanceProfileRequest { InstanceProfileName = name, Path = "/nodes/" });
        }
        Assert.Equal("Instance Profile WEB already exists.", (await Assert.ThrowsAsync<EntityAlreadyExistsException>(() => cloud.CallAsync(
            IamOperations.CreateInstanceProfile, new CreateInstanceProfileRequest { InstanceProfileName = "WEB" }))).Message);
        var listed = await cloud.CallAsync(IamOperations.ListInstanceProfiles, new ListInstanceProfilesRequest { PathPrefix = "/nodes/" });
        Assert.Equal(["api", "web"], listed.InstanceProfiles!.Select(p => p.InstanceProfileName));
        await cloud.CallAsync(IamOperations.TagInstanceProfile,
            new TagInstanceProfileRequest { InstanceProfileName = "web", Tags = [new() { Key = "a", Value = "1" }, new() { Key = "b", Value = "2" }] });
        await cloud.CallAsync(IamOperations.UntagInstanceProfile, new UntagInstanceProfileRequest { InstanceProfileName = "web", TagKeys = ["a"] });
        var tags = await cloud.CallAsync(IamOperations.ListInstanceProfileTags, new ListInstanceProfileTagsRequest { InstanceProfileName = "web" });
        Assert.Equal("b", Assert.Single(tags.Tags!).Key);
    }

    private static Task AddAsync(AccessCloud cloud, string role) => cloud.CallAsync(
        IamOperations.AddRoleToInstanceProfile, new AddRoleToInstanceProfileRequest { InstanceProfileName = "web", RoleName = role });

    private static async Task<InstanceProfile> GetAsync(AccessCloud cloud) => (await cloud.CallAsync(
        IamOperations.GetInstanceProfile, new GetInstanceProfileRequest { InstanceProfileName = "web" })).InstanceProfile!;
}
