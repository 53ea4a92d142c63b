using Longspan.Api.Iam;
using Longspan.Core.Tests.Access;
using Xunit;

namespace Longspan.Core.Tests.Iam;

public sealed class RoleTests
{
    [Fact]
    public async Task ARoleIsCreatedAndItsPolicyComesBackEncoded()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var role = (await cloud.CallAsync(IamOperations.CreateRole, new CreateRoleRequest
        {
            RoleName = "worker", Path = "/service-role/", AssumeRolePolicyDocument = AccessCloud.TrustEcsTasks, Description = "Works.",
        })).Role!;
        Assert.Equal("arn:aws:iam::123456789012:role/service-role/worker", role.Arn);
        Assert.StartsWith("AROA", role.RoleId);
        Assert.Equal(3600, role.MaxSessionDuration);

        await cloud.RestartAsync();
        var got = (await cloud.CallAsync(IamOperations.GetRole, new GetRoleRequest { RoleName = "worker" })).Role!;
        Assert.StartsWith("%7B%22Version%22%3A%222012-10-17%22", got.AssumeRolePolicyDocument);
        Assert.Equal(AccessCloud.TrustEcsTasks, Uri.UnescapeDataString(got.AssumeRolePolicyDocument!));
        Assert.Equal((role.RoleId, "Works."), (got.RoleId, got.Description));
        Assert.Equal("The role with name nobody cannot be found.", (await Assert.ThrowsAsync<NoSuchEntityException>(
            () => cloud.CallAsync(IamOperations.GetRole, new GetRoleRequest { RoleName = "nobody" }))).Message);
        Assert.Equal("Role with name worker already exists.", (await Assert.ThrowsAsync<EntityAlreadyExistsException>(
            () => cloud.CreateRoleAsync("worker"))).Message);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("not json")]
    [InlineData(AccessCloud.AllowAll)]
    public async Task MalformedTrustIsRefused(string trust)
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CreateRoleAsync("worker");
        Assert.Equal("MalformedPolicyDocumentException", await AccessCloud.CodeOfAsync(() => cloud.CreateRoleAsync("other", trust)));
        Assert.Equal("MalformedPolicyDocumentException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
            IamOperations.UpdateAssumeRolePolicy, new UpdateAssumeRolePolicyRequest { RoleName = "worker", PolicyDocument = trust })));
    }

    [Theory]
    [InlineData(3599)]
    [InlineData(43_201)]
    public async Task SessionsHaveBounds(int seconds)
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CreateRoleAsync("worker");
        Assert.Equal("ValidationError", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
            IamOperations.UpdateRole, new UpdateRoleRequest { RoleName = "worker", MaxSessionDuration = seconds })));
    }

    [Fact]
    public async Task InlinePoliciesArePutListedAndDeleted()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CreateRoleAsync("worker");
        foreach (var name in (string[])["b", "a", "c"])
        {
            await cloud.CallAsync(IamOperations.PutRolePolicy,
                new PutRolePolicyRequest { RoleName = "worker", PolicyName = name, PolicyDocument = AccessCloud.AllowAll });
        }
        var first = await cloud.CallAsync(IamOperations.ListRolePolicies, new ListRolePoliciesRequest { RoleName = "worker", MaxItems = 2 });
        Assert.Equal(["a", "b"], first.PolicyNames);
        var second = await cloud.CallAsync(IamOperations.ListRolePolicies, new ListRolePoliciesRequest { RoleName = "worker", Marker = first.Marker });
        Assert.Equal((false, "c"), (second.IsTruncated, Assert.Single(second.PolicyNames!)));
        var got = await cloud.CallAsync(IamOperations.GetRolePolicy, new GetRolePolicyRequest { RoleName = "worker", PolicyName = "b" });
        Assert.Equal(AccessCloud.AllowAll, Uri.UnescapeDataString(got.PolicyDocument!));

        await cloud.CallAsync(IamOperations.DeleteRolePolicy, new DeleteRolePolicyRequest { RoleName = "worker", PolicyName = "b" });
        Assert.Equal("The role policy with name b cannot be found.", (await Assert.ThrowsAsync<NoSuchEntityException>(() => cloud.CallAsync(
            IamOperations.GetRolePolicy, new GetRolePolicyRequest { RoleName = "worker", PolicyName = "b" }))).Message);
        Assert.Equal("DeleteConflictException", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(IamOperations.DeleteRole, new DeleteRoleRequest { RoleName = "worker" })));
    }

    [Fact]
    public async Task InlinePoliciesTogetherHaveABound()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CreateRoleAsync("worker");
        var large = AccessCloud.AllowAll.Replace("\"Effect\"", $"\"Sid\":\"{new string('x', 6000)}\",\"Effect\"", StringComparison.Ordinal);
        Task Put(string name) => cloud.CallAsync(IamOperations.PutRolePolicy,
            new PutRolePolicyRequest { RoleName = "worker", PolicyName = name, PolicyDocument = large });
        await Put("one");
        await Put("one");
        Assert.Equal("Maximum policy size of 10240 bytes exceeded for role worker",
            (await Assert.ThrowsAsync<LimitExceededException>(() => Put("two"))).Message);
    }

    [Fact]
    public async Task TagsAreUniqueRegardlessOfCaseAndBounded()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CreateRoleAsync("worker");
        Task Tag(params Tag[] tags) => cloud.CallAsync(IamOperations.TagRole, new TagRoleRequest { RoleName = "worker", Tags = [.. tags] });
        async Task<string[]> Tags() => [.. (await cloud.CallAsync(IamOperations.ListRoleTags, new ListRoleTagsRequest { RoleName = "worker" }))
            .Tags!.Select(t => $"{t.Key}={t.Value}")];

        await Tag(new() { Key = "Team", Value = "a" }, new() { Key = "site", Value = "cloud" });
        await Tag(new Tag { Key = "team", Value = "b" });
        Assert.Equal(["site=cloud", "team=b"], await Tags());
        Assert.Equal("InvalidInputException", await AccessCloud.CodeOfAsync(() => Tag(new() { Key = "x", Value = "1" }, new() { Key = "X", Value = "2" })));
        Assert.Equal("InvalidInputException", await AccessCloud.CodeOfAsync(() => Tag(new Tag { Key = "aws:mine", Value = "1" })));
        Assert.Equal("LimitExceededException", await AccessCloud.CodeOfAsync(
            () => Tag([.. Enumerable.Range(0, 49).Select(i => new Tag { Key = $"k{i}", Value = "v" })])));
        await cloud.CallAsync(IamOperations.UntagRole, new UntagRoleRequest { RoleName = "worker", TagKeys = ["TEAM"] });
        Assert.Equal(["site=cloud"], await Tags());
    }
}
