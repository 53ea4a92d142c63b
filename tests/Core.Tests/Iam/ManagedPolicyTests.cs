using Longspan.Api.Iam;
using Longspan.Core.Tests.Access;
using Xunit;

namespace Longspan.Core.Tests.Iam;

public sealed class ManagedPolicyTests
{
    private const string Orders = "arn:aws:iam::123456789012:policy/shop/orders";
    private const string Execution = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";

    [Fact]
    public async Task APolicyIsAttachedCountedAndDetached()
    {
        await using var cloud = await StartAsync();
        await AttachAsync(cloud, Orders);
        await AttachAsync(cloud, Orders);
        await AttachAsync(cloud, Execution);

        Assert.Equal(1, (await GetAsync(cloud, Orders)).AttachmentCount);
        Assert.Equal(1, (await GetAsync(cloud, Execution)).AttachmentCount);
        var attached = await cloud.CallAsync(IamOperations.ListAttachedRolePolicies, new ListAttachedRolePoliciesRequest { RoleName = "worker" });
        Assert.Equal(["orders", "AmazonECSTaskExecutionRolePolicy"], attached.AttachedPolicies!.Select(p => p.PolicyName));
        var narrowed = await cloud.CallAsync(IamOperations.ListAttachedRolePolicies,
            new ListAttachedRolePoliciesRequest { RoleName = "worker", PathPrefix = "/shop/" });
        Assert.Equal(Orders, Assert.Single(narrowed.AttachedPolicies!).PolicyArn);
        var entities = await cloud.CallAsync(IamOperations.ListEntitiesForPolicy, new ListEntitiesForPolicyRequest { PolicyArn = Orders });
        Assert.Equal("worker", Assert.Single(entities.PolicyRoles!).RoleName);

        Assert.Equal("Cannot delete a policy attached to entities.",
            (await Assert.ThrowsAsync<DeleteConflictException>(() => DeleteAsync(cloud))).Message);
        Assert.Equal("DeleteConflictException", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(IamOperations.DeleteRole, new DeleteRoleRequest { RoleName = "worker" })));
        await cloud.CallAsync(IamOperations.DetachRolePolicy, new DetachRolePolicyRequest { RoleName = "worker", PolicyArn = Orders });
        Assert.Equal("NoSuchEntityException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
            IamOperations.DetachRolePolicy, new DetachRolePolicyRequest { RoleName = "worker", PolicyArn = Orders })));
        await DeleteAsync(cloud);
        Assert.Equal("NoSuchEntityException", await AccessCloud.CodeOfAsync(() => GetAsync(cloud, Orders)));
    }

    [Theory]
    [InlineData("arn:aws:iam::123456789012:policy/orders")]
    [InlineData("arn:aws:iam::aws:policy/NoSuchPolicy")]
    [InlineData("arn:aws:iam::999999999999:policy/shop/orders")]
    public async Task WhatDoesNotExistCannotBeAttached(string arn)
    {
        await using var cloud = await StartAsync();
        Assert.Equal($"Policy {arn} does not exist or is not attachable.",
            (await Assert.ThrowsAsync<NoSuchEntityException>(() => AttachAsync(cloud, arn))).Message);
    }

    [Fact]
    public async Task DeletingAndAttachingAtOnceNeverBothSucceed()
    {
        await using var cloud = await StartAsync();
        for (var round = 0; round < 20; round++)
        {
            var delete = Task.Run(() => SucceedsAsync(() => DeleteAsync(cloud)));
            var attach = Task.Run(() => SucceedsAsync(() => AttachAsync(cloud, Orders)));
            Assert.False(await delete && await attach);
            if (await delete)
            {
                await CreateAsync(cloud);
            }
            else
            {
                await cloud.CallAsync(IamOperations.DetachRolePolicy, new DetachRolePolicyRequest { RoleName = "worker", PolicyArn = Orders });
            }
        }
    }

    [Fact]
    public async Task AnIdentityTakesTenPolicies()
    {
        await using var cloud = await StartAsync();
        for (var i = 0; i < 11; i++)
        {
            await cloud.CallAsync(IamOperations.CreatePolicy, new CreatePolicyRequest { PolicyName = $"p{i}", PolicyDocument = AccessCloud.AllowAll });
        }
        for (var i = 0; i < 10; i++)
        {
            await AttachAsync(cloud, $"arn:aws:iam::123456789012:policy/p{i}");
        }
        Assert.Equal("Cannot exceed quota for PoliciesPerRole: 10", (await Assert.ThrowsAsync<LimitExceededException>(
            () => AttachAsync(cloud, "arn:aws:iam::123456789012:policy/p10"))).Message);
    }

    [Fact]
    public async Task VersionsAreNumberedForGood()
    {
        await using var cloud = await StartAsync();
        Task<CreatePolicyVersionResponse> Create(bool asDefault = false) => cloud.CallAsync(IamOperations.CreatePolicyVersion,
            new CreatePolicyVersionRequest { PolicyArn = Orders, PolicyDocument = AccessCloud.AllowAll, SetAsDefault = asDefault });
        Task Drop(string version) => cloud.CallAsync(IamOperations.DeletePolicyVersion,
            new DeletePolicyVersionRequest { PolicyArn = Orders, VersionId = version });

        Assert.Equal("v2", (await Create()).PolicyVersion!.VersionId);
        await Drop("v2");
        Assert.Equal(("v3", true), await Create(asDefault: true) is { PolicyVersion: { } v } ? (v.VersionId, v.IsDefaultVersion) : default);
        Assert.Equal("v3", (await GetAsync(cloud, Orders)).DefaultVersionId);
        Assert.Equal("DeleteConflictException", await AccessCloud.CodeOfAsync(() => Drop("v3")));
        await cloud.CallAsync(IamOperations.SetDefaultPolicyVersion, new SetDefaultPolicyVersionRequest { PolicyArn = Orders, VersionId = "v1" });
        Assert.Equal("DeleteConflictException", await AccessCloud.CodeOfAsync(() => DeleteAsync(cloud)));
        for (var i = 0; i < 3; i++)
        {
            await Create();
        }
        Assert.Equal("LimitExceededException", await AccessCloud.CodeOfAsync(() => Create()));
        var listed = await cloud.CallAsync(IamOperations.ListPolicyVersions, new ListPolicyVersionsRequest { PolicyArn = Orders });
        Assert.Equal(["v6", "v5", "v4", "v3", "v1"], listed.Versions!.Select(x => x.VersionId));
        var page = await cloud.CallAsync(IamOperations.ListPolicyVersions, new ListPolicyVersionsRequest { PolicyArn = Orders, MaxItems = 3 });
        var rest = await cloud.CallAsync(IamOperations.ListPolicyVersions, new ListPolicyVersionsRequest { PolicyArn = Orders, Marker = page.Marker });
        Assert.Equal((true, false), (page.IsTruncated, rest.IsTruncated));
        Assert.Equal(["v6", "v5", "v4", "v3", "v1"], page.Versions!.Concat(rest.Versions!).Select(x => x.VersionId));
        var text = await cloud.CallAsync(IamOperations.GetPolicyVersion, new GetPolicyVersionRequest { PolicyArn = Orders, VersionId = "v1" });
        Assert.Equal(AccessCloud.AllowAll, Uri.UnescapeDataString(text.PolicyVersion!.Document!));
    }

    [Theory]
    [InlineData(Execution)]
    [InlineData("arn:aws:iam::999999999999:policy/shop/orders")]
    public async Task PoliciesOfOthersCannotBeChanged(string arn)
    {
        await using var cloud = await StartAsync();
        foreach (var change in (Func<Task>[])
        [
            () => cloud.CallAsync(IamOperations.DeletePolicy, new() { PolicyArn = arn }),
            () => cloud.CallAsync(IamOperations.CreatePolicyVersion, new() { PolicyArn = arn, PolicyDocument = AccessCloud.AllowAll }),
            () => cloud.CallAsync(IamOperations.DeletePolicyVersion, new() { PolicyArn = arn, VersionId = "v1" }),
            () => cloud.CallAsync(IamOperations.SetDefaultPolicyVersion, new() { PolicyArn = arn, VersionId = "v1" }),
        ])
        {
            var refused = await Assert.ThrowsAsync<Longspan.Api.Shapes.AwsError>(change);
            Assert.Equal(("AccessDenied", 403, "Policy is outside your own account."), (refused.Code, refused.HttpStatus, refused.Message));
        }
    }

    [Fact]
    public async Task PoliciesAreListedByScope()
    {
        await using var cloud = await StartAsync();
        await AttachAsync(cloud, Execution);
        async Task<List<string>> Names(string scope, bool attached = false) => [.. (await cloud.CallAsync(
            IamOperations.ListPolicies, new ListPoliciesRequest { Scope = scope, OnlyAttached = attached })).Policies!.Select(p => p.PolicyName!)];
        Assert.Equal(["orders"], await Names("Local"));
        Assert.Contains("AmazonSSMManagedInstanceCore", await Names("AWS"));
        Assert.Equal(["AmazonECSTaskExecutionRolePolicy"], await Names("All", attached: true));
        Assert.Equal("ValidationError", await AccessCloud.CodeOfAsync(() => Names("Mine")));
        Assert.Equal("/service-role/", (await GetAsync(cloud, Execution)).Path);
    }

    [Fact]
    public async Task MalformedAndOverlongPoliciesAreRefused()
    {
        await using var cloud = await StartAsync();
        Assert.Equal("MalformedPolicyDocumentException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
            IamOperations.CreatePolicy, new CreatePolicyRequest { PolicyName = "x", PolicyDocument = AccessCloud.TrustAccount })));
        var large = AccessCloud.AllowAll.Replace("\"Effect\"", $"\"Sid\":\"{new string('x', 6200)}\",\"Effect\"", StringComparison.Ordinal);
        Assert.Equal("LimitExceededException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
            IamOperations.CreatePolicy, new CreatePolicyRequest { PolicyName = "x", PolicyDocument = large })));
        Assert.Equal("EntityAlreadyExistsException", await AccessCloud.CodeOfAsync(() => CreateAsync(cloud)));
    }

    private static async Task<AccessCloud> StartAsync()
    {
        var cloud = await AccessCloud.StartAsync();
        await cloud.CreateRoleAsync("worker");
        await CreateAsync(cloud);
        return cloud;
    }

    private static Task<CreatePolicyResponse> CreateAsync(AccessCloud cloud) => cloud.CallAsync(IamOperations.CreatePolicy,
        new CreatePolicyRequest { PolicyName = "orders", Path = "/shop/", PolicyDocument = AccessCloud.AllowAll });

    private static Task<AttachRolePolicyResponse> AttachAsync(AccessCloud cloud, string arn) =>
        cloud.CallAsync(IamOperations.AttachRolePolicy, new AttachRolePolicyRequest { RoleName = "worker", PolicyArn = arn });

    private static Task<DeletePolicyResponse> DeleteAsync(AccessCloud cloud) =>
        cloud.CallAsync(IamOperations.DeletePolicy, new DeletePolicyRequest { PolicyArn = Orders });

    private static async Task<Policy> GetAsync(AccessCloud cloud, string arn) =>
        (await cloud.CallAsync(IamOperations.GetPolicy, new GetPolicyRequest { PolicyArn = arn })).Policy!;

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
