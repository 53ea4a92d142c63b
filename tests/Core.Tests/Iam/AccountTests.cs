using System.Text;
using Longspan.Api.Iam;
using Longspan.Core.Tests.Access;
using Longspan.Kernel.Access;
using Xunit;

namespace Longspan.Core.Tests.Iam;

public sealed class AccountTests
{
    private const string Managed = "arn:aws:iam::aws:policy/AdministratorAccess";

    [Fact]
    public async Task ARenamedUserKeepsItsKeysAndGroups()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var key = await cloud.CreateUserWithKeyAsync("bob");
        await cloud.CallAsync(IamOperations.CreateGroup, new CreateGroupRequest { GroupName = "devs" });
        await cloud.CallAsync(IamOperations.AddUserToGroup, new AddUserToGroupRequest { GroupName = "devs", UserName = "bob" });
        Assert.Equal("arn:aws:iam::123456789012:user/bob", (await cloud.Keys.FindAsync(key.AccessKeyId!, null, default)).Caller!.Arn);

        await cloud.CallAsync(IamOperations.UpdateUser, new UpdateUserRequest { UserName = "bob", NewUserName = "Robert", NewPath = "/staff/" });
        var found = await cloud.Keys.FindAsync(key.AccessKeyId!, null, default);
        Assert.Equal((KeyStatus.Found, "arn:aws:iam::123456789012:user/staff/Robert"), (found.Status, found.Caller?.Arn));
        var group = await cloud.CallAsync(IamOperations.GetGroup, new GetGroupRequest { GroupName = "devs" });
        Assert.Equal("Robert", Assert.Single(group.Users!).UserName);
        await GroupTests.UserAsync(cloud, "bob");
        Assert.Equal("User with name BOB already exists.", (await Assert.ThrowsAsync<EntityAlreadyExistsException>(() => cloud.CallAsync(
            IamOperations.UpdateUser, new UpdateUserRequest { UserName = "robert", NewUserName = "BOB" }))).Message);
    }

    [Fact]
    public async Task TheAdministratorKeepsItsName()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.BootstrapAsync();
        Assert.Equal("EntityTemporarilyUnmodifiableException", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(IamOperations.UpdateUser, new UpdateUserRequest { UserName = "admin", NewUserName = "root" })));
    }

    [Fact]
    public async Task BoundariesNamePoliciesThatStay()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await GroupTests.UserAsync(cloud, "bob");
        await cloud.CreateRoleAsync("worker");
        var arn = (await cloud.CallAsync(IamOperations.CreatePolicy,
            new CreatePolicyRequest { PolicyName = "limit", PolicyDocument = AccessCloud.AllowAll })).Policy!.Arn!;
        Assert.Equal("Scope ARN: arn:aws:iam::123456789012:policy/none does not exist or is not attachable.",
            (await Assert.ThrowsAsync<NoSuchEntityException>(() => cloud.CallAsync(IamOperations.PutUserPermissionsBoundary,
                new PutUserPermissionsBoundaryRequest { UserName = "bob", PermissionsBoundary = "arn:aws:iam::123456789012:policy/none" }))).Message);

        await cloud.CallAsync(IamOperations.PutUserPermissionsBoundary, new PutUserPermissionsBoundaryRequest { UserName = "bob", PermissionsBoundary = arn });
        await cloud.CallAsync(IamOperations.PutRolePermissionsBoundary, new PutRolePermissionsBoundaryRequest { RoleName = "worker", PermissionsBoundary = arn });
        Assert.Equal(arn, (await cloud.CallAsync(IamOperations.GetUser, new GetUserRequest { UserName = "bob" })).User!.PermissionsBoundary!.PermissionsBoundaryArn);
        Assert.Equal(2, (await cloud.CallAsync(IamOperations.GetPolicy, new GetPolicyRequest { PolicyArn = arn })).Policy!.PermissionsBoundaryUsageCount);
        var bounded = await cloud.CallAsync(IamOperations.ListEntitiesForPolicy,
            new ListEntitiesForPolicyRequest { PolicyArn = arn, PolicyUsageFilter = "PermissionsBoundary" });
        Assert.Equal(("bob", "worker"), (Assert.Single(bounded.PolicyUsers!).UserName, Assert.Single(bounded.PolicyRoles!).RoleName));
        Task Delete() => cloud.CallAsync(IamOperations.DeletePolicy, new DeletePolicyRequest { PolicyArn = arn });
        await Assert.ThrowsAsync<DeleteConflictException>(Delete);

        await cloud.CallAsync(IamOperations.DeleteUserPermissionsBoundary, new DeleteUserPermissionsBoundaryRequest { UserName = "bob" });
        await cloud.CallAsync(IamOperations.DeleteRolePermissionsBoundary, new DeleteRolePermissionsBoundaryRequest { RoleName = "worker" });
        Assert.Equal("NoSuchEntityException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
            IamOperations.DeleteUserPermissionsBoundary, new DeleteUserPermissionsBoundaryRequest { UserName = "bob" })));
        await Delete();
    }

    [Fact]
    public async Task NobodyHasALoginProfile()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await GroupTests.UserAsync(cloud, "bob");
        Assert.Equal("Login Profile for User bob cannot be found.", (await Assert.ThrowsAsync<NoSuchEntityException>(
            () => cloud.CallAsync(IamOperations.GetLoginProfile, new GetLoginProfileRequest { UserName = "bob" }))).Message);
        Assert.Equal("NoSuchEntityException", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(IamOperations.DeleteLoginProfile, new DeleteLoginProfileRequest { UserName = "bob" })));
    }

    [Fact]
    public async Task ToolsAreToldThatThereAreNoPasswordsDevicesAndCertificates()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await GroupTests.UserAsync(cloud, "bob");
        Task Devices(string user) => cloud.CallAsync(IamOperations.ListMFADevices, new() { UserName = user });
        Task Keys(string user) => cloud.CallAsync(IamOperations.ListSSHPublicKeys, new() { UserName = user });
        Task Certificates(string user) => cloud.CallAsync(IamOperations.ListSigningCertificates, new() { UserName = user });
        Task Credentials(string user) => cloud.CallAsync(IamOperations.ListServiceSpecificCredentials, new() { UserName = user });
        foreach (var list in (Func<string, Task>[])[Devices, Keys, Certificates, Credentials])
        {
            await list("bob");
            Assert.Equal("NoSuchEntityException", await AccessCloud.CodeOfAsync(() => list("nobody")));
        }
        Assert.Empty((await cloud.CallAsync(IamOperations.ListServiceSpecificCredentials, new() { AllUsers = true })).ServiceSpecificCredentials!);
        Assert.Empty((await cloud.CallAsync(IamOperations.ListVirtualMFADevices, new())).VirtualMFADevices!);
        Assert.Empty((await cloud.CallAsync(IamOperations.ListServerCertificates, new())).ServerCertificateMetadataList!);
        Assert.Empty((await cloud.CallAsync(IamOperations.ListSAMLProviders, new())).SAMLProviderList!);
        Assert.Equal("The Password Policy with domain name ACCOUNT cannot be found.", (await Assert.ThrowsAsync<NoSuchEntityException>(
            () => cloud.CallAsync(IamOperations.GetAccountPasswordPolicy, new()))).Message);
    }

    [Fact]
    public async Task ServiceLinkedRolesAreMadeProtectedAndDeleted()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var role = (await cloud.CallAsync(IamOperations.CreateServiceLinkedRole,
            new CreateServiceLinkedRoleRequest { AWSServiceName = "ecs.amazonaws.com" })).Role!;
        Assert.Equal("arn:aws:iam::123456789012:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS", role.Arn);
        Assert.Equal("Service role name AWSServiceRoleForECS has been taken in this account, please try a different suffix.",
            (await Assert.ThrowsAsync<InvalidInputException>(() => cloud.CallAsync(IamOperations.CreateServiceLinkedRole,
                new CreateServiceLinkedRoleRequest { AWSServiceName = "ecs.amazonaws.com" }))).Message);
        Assert.Equal("InvalidInputException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(IamOperations.CreateServiceLinkedRole,
            new CreateServiceLinkedRoleRequest { AWSServiceName = "unheard.amazonaws.com" })));
        Assert.Equal("AWSServiceRoleForAutoScaling_blue", (await cloud.CallAsync(IamOperations.CreateServiceLinkedRole,
            new CreateServiceLinkedRoleRequest { AWSServiceName = "autoscaling.amazonaws.com", CustomSuffix = "blue" })).Role!.RoleName);

        var policy = Assert.Single((await cloud.CallAsync(IamOperations.ListAttachedRolePolicies, new() { RoleName = "AWSServiceRoleForECS" })).AttachedPolicies!);
        Assert.Equal("arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy", policy.PolicyArn);
        await cloud.CreateRoleAsync("mine");
        Assert.Equal("PolicyNotAttachableException", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(IamOperations.AttachRolePolicy, new() { RoleName = "mine", PolicyArn = policy.PolicyArn })));

        foreach (var change in (Func<Task>[])
        [
            () => cloud.CallAsync(IamOperations.DeleteRole, new DeleteRoleRequest { RoleName = "AWSServiceRoleForECS" }),
            () => cloud.CallAsync(IamOperations.AttachRolePolicy, new AttachRolePolicyRequest { RoleName = "AWSServiceRoleForECS", PolicyArn = Managed }),
            () => cloud.CallAsync(IamOperations.UpdateAssumeRolePolicy,
                new UpdateAssumeRolePolicyRequest { RoleName = "AWSServiceRoleForECS", PolicyDocument = AccessCloud.TrustAccount }),
        ])
        {
            Assert.Equal("UnmodifiableEntityException", await AccessCloud.CodeOfAsync(change));
        }
        var task = (await cloud.CallAsync(IamOperations.DeleteServiceLinkedRole,
            new DeleteServiceLinkedRoleRequest { RoleName = "AWSServiceRoleForECS" })).DeletionTaskId!;
        Assert.Equal("SUCCEEDED", (await cloud.CallAsync(IamOperations.GetServiceLinkedRoleDeletionStatus,
            new GetServiceLinkedRoleDeletionStatusRequest { DeletionTaskId = task })).Status);
        Assert.Equal("NoSuchEntityException", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(IamOperations.GetRole, new GetRoleRequest { RoleName = "AWSServiceRoleForECS" })));
        Assert.Equal("NoSuchEntityException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
            IamOperations.GetServiceLinkedRoleDeletionStatus, new GetServiceLinkedRoleDeletionStatusRequest { DeletionTaskId = "task/x" })));
    }

    [Fact]
    public async Task NoRoleIsPutAmongThoseOfServices()
    {
        await using var cloud = await AccessCloud.StartAsync();
        Assert.Equal("ValidationError", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(IamOperations.CreateRole, new CreateRoleRequest
        {
            RoleName = "mine", Path = "/aws-service-role/ecs.amazonaws.com/", AssumeRolePolicyDocument = AccessCloud.TrustEcsTasks,
        })));
    }

    [Fact]
    public async Task AnAccountHasOneAlias()
    {
        await using var cloud = await AccessCloud.StartAsync();
        async Task<List<string>> Aliases() => (await cloud.CallAsync(IamOperations.ListAccountAliases, new ListAccountAliasesRequest())).AccountAliases!;
        await cloud.CallAsync(IamOperations.CreateAccountAlias, new CreateAccountAliasRequest { AccountAlias = "first" });
        await cloud.CallAsync(IamOperations.CreateAccountAlias, new CreateAccountAliasRequest { AccountAlias = "my-shop" });
        Assert.Equal(["my-shop"], await Aliases());
        Assert.Equal("ValidationError", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(IamOperations.CreateAccountAlias, new CreateAccountAliasRequest { AccountAlias = "my--shop" })));
        Assert.Equal("NoSuchEntityException", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(IamOperations.DeleteAccountAlias, new DeleteAccountAliasRequest { AccountAlias = "first" })));
        await cloud.CallAsync(IamOperations.DeleteAccountAlias, new DeleteAccountAliasRequest { AccountAlias = "my-shop" });
        Assert.Empty(await Aliases());
    }

    [Fact]
    public async Task TheWholeAccountIsToldInPages()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await GroupTests.UserAsync(cloud, "bob");
        await cloud.CallAsync(IamOperations.CreateGroup, new CreateGroupRequest { GroupName = "Devs" });
        await cloud.CallAsync(IamOperations.AddUserToGroup, new AddUserToGroupRequest { GroupName = "devs", UserName = "bob" });
        await cloud.CreateRoleAsync("worker");
        await cloud.CallAsync(IamOperations.PutRolePolicy,
            new PutRolePolicyRequest { RoleName = "worker", PolicyName = "all", PolicyDocument = AccessCloud.AllowAll });
        await cloud.CallAsync(IamOperations.AttachRolePolicy, new AttachRolePolicyRequest { RoleName = "worker", PolicyArn = Managed });
        await cloud.CallAsync(IamOperations.CreatePolicy, new CreatePolicyRequest { PolicyName = "own", PolicyDocument = AccessCloud.AllowAll });

        var whole = await cloud.CallAsync(IamOperations.GetAccountAuthorizationDetails, new GetAccountAuthorizationDetailsRequest());
        Assert.Equal(["Devs"], Assert.Single(whole.UserDetailList!).GroupList);
        Assert.Equal("Devs", Assert.Single(whole.GroupDetailList!).GroupName);
        var role = Assert.Single(whole.RoleDetailList!);
        Assert.Equal(("all", Managed), (Assert.Single(role.RolePolicyList!).PolicyName, Assert.Single(role.AttachedManagedPolicies!).PolicyArn));
        Assert.Equal([Managed, "arn:aws:iam::123456789012:policy/own"], whole.Policies!.Select(p => p.Arn).Order(StringComparer.Ordinal).Reverse());

        var count = 0;
        string? marker = null;
        do
        {
            var page = await cloud.CallAsync(IamOperations.GetAccountAuthorizationDetails,
                new GetAccountAuthorizationDetailsRequest { MaxItems = 2, Marker = marker });
            count += page.UserDetailList!.Count + page.GroupDetailList!.Count + page.RoleDetailList!.Count + page.Policies!.Count;
            marker = page.Marker;
        }
        while (marker is not null);
        Assert.Equal(5, count);
        var roles = await cloud.CallAsync(IamOperations.GetAccountAuthorizationDetails, new GetAccountAuthorizationDetailsRequest { Filter = ["Role"] });
        Assert.Equal((1, 0, 0), (roles.RoleDetailList!.Count, roles.UserDetailList!.Count, roles.Policies!.Count));
        Assert.Equal("ValidationError", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
            IamOperations.GetAccountAuthorizationDetails, new GetAccountAuthorizationDetailsRequest { Filter = ["Everything"] })));

        var summary = (await cloud.CallAsync(IamOperations.GetAccountSummary, new GetAccountSummaryRequest())).SummaryMap!;
        Assert.Equal((1, 1, 1, 1), (summary["Users"], summary["Groups"], summary["Roles"], summary["Policies"]));
    }

    [Fact]
    public async Task TheCredentialReportTellsWhoHasKeys()
    {
        await using var cloud = await AccessCloud.StartAsync();
        await cloud.CreateUserWithKeyAsync("bob");
        Assert.Equal("COMPLETE", (await cloud.CallAsync(IamOperations.GenerateCredentialReport, new GenerateCredentialReportRequest())).State);
        var report = await cloud.CallAsync(IamOperations.GetCredentialReport, new GetCredentialReportRequest());
        var lines = Encoding.UTF8.GetString(report.Content!.Value.Span).Split('\n');
        Assert.Equal(22, lines[0].Split(',').Length);
        var bob = lines[0].Split(',').Zip(lines[1].Split(',')).ToDictionary(p => p.First, p => p.Second);
        Assert.Equal(("bob", "TRUE", "FALSE", "2026-11-23T12:00:00+00:00"),
            (bob["user"], bob["access_key_1_active"], bob["access_key_2_active"], bob["access_key_1_last_rotated"]));
    }

    [Fact]
    public async Task PoliciesAreTagged()
    {
        await using var cloud = await AccessCloud.StartAsync();
        var arn = (await cloud.CallAsync(IamOperations.CreatePolicy,
            new CreatePolicyRequest { PolicyName = "own", PolicyDocument = AccessCloud.AllowAll })).Policy!.Arn!;
        await cloud.CallAsync(IamOperations.TagPolicy, new TagPolicyRequest { PolicyArn = arn, Tags = [new() { Key = "a", Value = "1" }, new() { Key = "b", Value = "2" }] });
        await cloud.CallAsync(IamOperations.UntagPolicy, new UntagPolicyRequest { PolicyArn = arn, TagKeys = ["A"] });
        var tags = await cloud.CallAsync(IamOperations.ListPolicyTags, new ListPolicyTagsRequest { PolicyArn = arn });
        Assert.Equal("b", Assert.Single(tags.Tags!).Key);
        Assert.Equal("NoSuchEntityException", await AccessCloud.CodeOfAsync(
            () => cloud.CallAsync(IamOperations.TagPolicy, new TagPolicyRequest { PolicyArn = Managed, Tags = [new() { Key = "a", Value = "1" }] })));
    }
}
