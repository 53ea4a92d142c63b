using Longspan.Api.Iam;
using Longspan.Api.Shapes;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Operations;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam;

/// <summary>Identity and Access Management: the operations that edit the documents of <c>Kernel/Access</c>.</summary>
public sealed class IamModule : ServiceModule<IamContext>
{
    public IamModule()
        : base(IamOperations.Service)
    {
        MapUsers();
        MapRoles();
        MapPolicies();
        MapGroups();
        MapUserChanges();
        MapRoleChanges();
        MapInstanceProfiles();
        MapOidcProviders();
        MapPolicyTags();
        MapAccount();
    }

    protected override IamContext NewContext(CallContext call) => new(call);

    private void MapUsers()
    {
        Map(IamOperations.CreateUser, CreateUser.HandleAsync);
        Map(IamOperations.GetUser, GetUser.HandleAsync);
        Map(IamOperations.ListUsers, ListUsers.HandleAsync);
        Map(IamOperations.DeleteUser, DeleteUser.HandleAsync);
        Map(IamOperations.TagUser, TagUser.HandleAsync);
        Map(IamOperations.UntagUser, UntagUser.HandleAsync);
        Map(IamOperations.ListUserTags, ListUserTags.HandleAsync);
        Map(IamOperations.ListGroupsForUser, ListGroupsForUser.HandleAsync);
        Map(IamOperations.CreateAccessKey, CreateAccessKey.HandleAsync);
        Map(IamOperations.ListAccessKeys, ListAccessKeys.HandleAsync);
        Map(IamOperations.UpdateAccessKey, UpdateAccessKey.HandleAsync);
        Map(IamOperations.DeleteAccessKey, DeleteAccessKey.HandleAsync);
        Map(IamOperations.GetAccessKeyLastUsed, GetAccessKeyLastUsed.HandleAsync);
        Map(IamOperations.PutUserPolicy, PutUserPolicy.HandleAsync);
        Map(IamOperations.GetUserPolicy, GetUserPolicy.HandleAsync);
        Map(IamOperations.ListUserPolicies, ListUserPolicies.HandleAsync);
        Map(IamOperations.DeleteUserPolicy, DeleteUserPolicy.HandleAsync);
        Map(IamOperations.AttachUserPolicy, AttachUserPolicy.HandleAsync);
        Map(IamOperations.DetachUserPolicy, DetachUserPolicy.HandleAsync);
        Map(IamOperations.ListAttachedUserPolicies, ListAttachedUserPolicies.HandleAsync);
    }

    private void MapRoles()
    {
        Map(IamOperations.CreateRole, CreateRole.HandleAsync);
        Map(IamOperations.GetRole, GetRole.HandleAsync);
        Map(IamOperations.ListRoles, ListRoles.HandleAsync);
        Map(IamOperations.DeleteRole, DeleteRole.HandleAsync);
        Map(IamOperations.UpdateRole, UpdateRole.HandleAsync);
        Map(IamOperations.UpdateRoleDescription, UpdateRoleDescription.HandleAsync);
        Map(IamOperations.TagRole, TagRole.HandleAsync);
        Map(IamOperations.UntagRole, UntagRole.HandleAsync);
        Map(IamOperations.ListRoleTags, ListRoleTags.HandleAsync);
        Map(IamOperations.ListInstanceProfilesForRole, ListInstanceProfilesForRole.HandleAsync);
        Map(IamOperations.UpdateAssumeRolePolicy, UpdateAssumeRolePolicy.HandleAsync);
        Map(IamOperations.PutRolePolicy, PutRolePolicy.HandleAsync);
        Map(IamOperations.GetRolePolicy, GetRolePolicy.HandleAsync);
        Map(IamOperations.ListRolePolicies, ListRolePolicies.HandleAsync);
        Map(IamOperations.DeleteRolePolicy, DeleteRolePolicy.HandleAsync);
        Map(IamOperations.AttachRolePolicy, AttachRolePolicy.HandleAsync);
        Map(IamOperations.DetachRolePolicy, DetachRolePolicy.HandleAsync);
        Map(IamOperations.ListAttachedRolePolicies, ListAttachedRolePolicies.HandleAsync);
    }

    private void MapPolicies()
    {
        Map(IamOperations.CreatePolicy, CreatePolicy.HandleAsync);
        Map(IamOperations.GetPolicy, GetPolicy.HandleAsync);
        Map(IamOperations.GetPolicyVersion, GetPolicyVersion.HandleAsync);
        Map(IamOperations.ListPolicies, ListPolicies.HandleAsync);
        Map(IamOperations.CreatePolicyVersion, CreatePolicyVersion.HandleAsync);
        Map(IamOperations.ListPolicyVersions, ListPolicyVersions.HandleAsync);
        Map(IamOperations.SetDefaultPolicyVersion, SetDefaultPolicyVersion.HandleAsync);
        Map(IamOperations.DeletePolicyVersion, DeletePolicyVersion.HandleAsync);
        Map(IamOperations.ListEntitiesForPolicy, ListEntitiesForPolicy.HandleAsync);
        Map(IamOperations.DeletePolicy, DeletePolicy.HandleAsync);
        Map(IamOperations.ListAccountAliases, ListAccountAliases.HandleAsync);
        Map(IamOperations.GetAccountSummary, GetAccountSummary.HandleAsync);
    }

    private void MapGroups()
    {
        Map(IamOperations.CreateGroup, CreateGroup.HandleAsync, (cx, r) => IamDemands.ArnOf(cx, "group" + (r.Path ?? "/"), r.GroupName));
        MapOne(IamOperations.GetGroup, GetGroup.HandleAsync, (cx, action, r, stop) => IamDemands.GroupAsync(cx, action, r.GroupName, stop));
        Map(IamOperations.ListGroups, ListGroups.HandleAsync, (_, _) => "*");
        MapOne(IamOperations.UpdateGroup, UpdateGroup.HandleAsync, (cx, action, r, stop) => IamDemands.GroupAsync(cx, action, r.GroupName, stop));
        MapOne(IamOperations.DeleteGroup, DeleteGroup.HandleAsync, (cx, action, r, stop) => IamDemands.GroupAsync(cx, action, r.GroupName, stop));
        MapOne(IamOperations.AddUserToGroup, AddUserToGroup.HandleAsync, (cx, action, r, stop) => IamDemands.GroupAsync(cx, action, r.GroupName, stop));
        MapOne(
            IamOperations.RemoveUserFromGroup, RemoveUserFromGroup.HandleAsync,
            (cx, action, r, stop) => IamDemands.GroupAsync(cx, action, r.GroupName, stop));
        MapOne(IamOperations.PutGroupPolicy, PutGroupPolicy.HandleAsync, (cx, action, r, stop) => IamDemands.GroupAsync(cx, action, r.GroupName, stop));
        MapOne(IamOperations.GetGroupPolicy, GetGroupPolicy.HandleAsync, (cx, action, r, stop) => IamDemands.GroupAsync(cx, action, r.GroupName, stop));
        MapOne(
            IamOperations.ListGroupPolicies, ListGroupPolicies.HandleAsync,
            (cx, action, r, stop) => IamDemands.GroupAsync(cx, action, r.GroupName, stop));
        MapOne(
            IamOperations.DeleteGroupPolicy, DeleteGroupPolicy.HandleAsync,
            (cx, action, r, stop) => IamDemands.GroupAsync(cx, action, r.GroupName, stop));
        MapOne(
            IamOperations.AttachGroupPolicy, AttachGroupPolicy.HandleAsync,
            async (cx, action, r, stop) => (await IamDemands.GroupAsync(cx, action, r.GroupName, stop)).With("iam:PolicyARN", r.PolicyArn));
        MapOne(
            IamOperations.DetachGroupPolicy, DetachGroupPolicy.HandleAsync,
            async (cx, action, r, stop) => (await IamDemands.GroupAsync(cx, action, r.GroupName, stop)).With("iam:PolicyARN", r.PolicyArn));
        MapOne(
            IamOperations.ListAttachedGroupPolicies, ListAttachedGroupPolicies.HandleAsync,
            (cx, action, r, stop) => IamDemands.GroupAsync(cx, action, r.GroupName, stop));
    }

    private void MapUserChanges()
    {
        MapOne(IamOperations.UpdateUser, UpdateUser.HandleAsync, (cx, action, r, stop) => IamDemands.UserAsync(cx, action, r.UserName, stop));
        MapOne(
            IamOperations.PutUserPermissionsBoundary, PutUserPermissionsBoundary.HandleAsync,
            async (cx, action, r, stop) => (await IamDemands.UserAsync(cx, action, r.UserName, stop)).With("iam:PermissionsBoundary", r.PermissionsBoundary));
        MapOne(
            IamOperations.DeleteUserPermissionsBoundary, DeleteUserPermissionsBoundary.HandleAsync,
            (cx, action, r, stop) => IamDemands.UserAsync(cx, action, r.UserName, stop));
        MapOne(
            IamOperations.GetLoginProfile, GetLoginProfile.HandleAsync,
            (cx, action, r, stop) => IamDemands.UserAsync(cx, action, Identities.NameOrCaller(cx, r.UserName), stop));
        MapOne(
            IamOperations.DeleteLoginProfile, DeleteLoginProfile.HandleAsync,
            (cx, action, r, stop) => IamDemands.UserAsync(cx, action, Identities.NameOrCaller(cx, r.UserName), stop));
    }

    private void MapRoleChanges()
    {
        MapOne(
            IamOperations.PutRolePermissionsBoundary, PutRolePermissionsBoundary.HandleAsync,
            async (cx, action, r, stop) => (await IamDemands.RoleAsync(cx, action, r.RoleName, stop)).With("iam:PermissionsBoundary", r.PermissionsBoundary));
        MapOne(
            IamOperations.DeleteRolePermissionsBoundary, DeleteRolePermissionsBoundary.HandleAsync,
            (cx, action, r, stop) => IamDemands.RoleAsync(cx, action, r.RoleName, stop));
        MapOne(
            IamOperations.CreateServiceLinkedRole, CreateServiceLinkedRole.HandleAsync,
            (cx, action, r, _) => ValueTask.FromResult(
                new AccessDemand(action, IamDemands.ArnOf(cx, $"role/aws-service-role/{r.AWSServiceName}/", "*")).With("iam:AWSServiceName", r.AWSServiceName)));
        MapOne(
            IamOperations.DeleteServiceLinkedRole, DeleteServiceLinkedRole.HandleAsync,
            (cx, action, r, stop) => IamDemands.RoleAsync(cx, action, r.RoleName, stop));
        Map(
            IamOperations.GetServiceLinkedRoleDeletionStatus, GetServiceLinkedRoleDeletionStatus.HandleAsync,
            (cx, r) => IamDemands.ArnOf(cx, "role/", r.DeletionTaskId?.Split('/').ElementAtOrDefault(3)));
    }

    private void MapInstanceProfiles()
    {
        MapOne(
            IamOperations.CreateInstanceProfile, CreateInstanceProfile.HandleAsync,
            (cx, action, r, _) => ValueTask.FromResult(
                new AccessDemand(action, IamDemands.ArnOf(cx, "instance-profile" + (r.Path ?? "/"), r.InstanceProfileName)).Tagging(r.Tags)));
        MapOne(
            IamOperations.GetInstanceProfile, GetInstanceProfile.HandleAsync,
            (cx, action, r, stop) => IamDemands.ProfileAsync(cx, action, r.InstanceProfileName, stop));
        Map(IamOperations.ListInstanceProfiles, ListInstanceProfiles.HandleAsync, (_, _) => "*");
        MapOne(
            IamOperations.DeleteInstanceProfile, DeleteInstanceProfile.HandleAsync,
            (cx, action, r, stop) => IamDemands.ProfileAsync(cx, action, r.InstanceProfileName, stop));
        Map(
            IamOperations.AddRoleToInstanceProfile, AddRoleToInstanceProfile.HandleAsync,
            async (cx, r, stop) =>
            [
                await IamDemands.ProfileAsync(cx, "iam:AddRoleToInstanceProfile", r.InstanceProfileName, stop),
                await IamDemands.RoleAsync(cx, "iam:PassRole", r.RoleName, stop),
            ]);
        MapOne(
            IamOperations.RemoveRoleFromInstanceProfile, RemoveRoleFromInstanceProfile.HandleAsync,
            (cx, action, r, stop) => IamDemands.ProfileAsync(cx, action, r.InstanceProfileName, stop));
        MapOne(
            IamOperations.TagInstanceProfile, TagInstanceProfile.HandleAsync,
            async (cx, action, r, stop) => (await IamDemands.ProfileAsync(cx, action, r.InstanceProfileName, stop)).Tagging(r.Tags));
        MapOne(
            IamOperations.UntagInstanceProfile, UntagInstanceProfile.HandleAsync,
            (cx, action, r, stop) => IamDemands.ProfileAsync(cx, action, r.InstanceProfileName, stop));
        MapOne(
            IamOperations.ListInstanceProfileTags, ListInstanceProfileTags.HandleAsync,
            (cx, action, r, stop) => IamDemands.ProfileAsync(cx, action, r.InstanceProfileName, stop));
    }

    private void MapOidcProviders()
    {
        MapOne(
            IamOperations.CreateOpenIDConnectProvider, CreateOpenIDConnectProvider.HandleAsync,
            (cx, action, r, _) => ValueTask.FromResult(
                new AccessDemand(action, IamDemands.ArnOf(cx, "oidc-provider/", OidcProviderDocument.NameOf(OidcProviders.Issuer(r.Url)))).Tagging(r.Tags)));
        MapOne(
            IamOperations.GetOpenIDConnectProvider, GetOpenIDConnectProvider.HandleAsync,
            (cx, action, r, stop) => IamDemands.ProviderAsync(cx, action, r.OpenIDConnectProviderArn, stop));
        Map(IamOperations.ListOpenIDConnectProviders, ListOpenIDConnectProviders.HandleAsync, (_, _) => "*");
        MapOne(
            IamOperations.DeleteOpenIDConnectProvider, DeleteOpenIDConnectProvider.HandleAsync,
            (cx, action, r, stop) => IamDemands.ProviderAsync(cx, action, r.OpenIDConnectProviderArn, stop));
        MapOne(
            IamOperations.UpdateOpenIDConnectProviderThumbprint, UpdateOpenIDConnectProviderThumbprint.HandleAsync,
            (cx, action, r, stop) => IamDemands.ProviderAsync(cx, action, r.OpenIDConnectProviderArn, stop));
        MapOne(
            IamOperations.AddClientIDToOpenIDConnectProvider, AddClientIDToOpenIDConnectProvider.HandleAsync,
            (cx, action, r, stop) => IamDemands.ProviderAsync(cx, action, r.OpenIDConnectProviderArn, stop));
        MapOne(
            IamOperations.RemoveClientIDFromOpenIDConnectProvider, RemoveClientIDFromOpenIDConnectProvider.HandleAsync,
            (cx, action, r, stop) => IamDemands.ProviderAsync(cx, action, r.OpenIDConnectProviderArn, stop));
        MapOne(
            IamOperations.TagOpenIDConnectProvider, TagOpenIDConnectProvider.HandleAsync,
            async (cx, action, r, stop) => (await IamDemands.ProviderAsync(cx, action, r.OpenIDConnectProviderArn, stop)).Tagging(r.Tags));
        MapOne(
            IamOperations.UntagOpenIDConnectProvider, UntagOpenIDConnectProvider.HandleAsync,
            (cx, action, r, stop) => IamDemands.ProviderAsync(cx, action, r.OpenIDConnectProviderArn, stop));
        MapOne(
            IamOperations.ListOpenIDConnectProviderTags, ListOpenIDConnectProviderTags.HandleAsync,
            (cx, action, r, stop) => IamDemands.ProviderAsync(cx, action, r.OpenIDConnectProviderArn, stop));
    }

    private void MapPolicyTags()
    {
        MapOne(
            IamOperations.TagPolicy, TagPolicy.HandleAsync,
            async (cx, action, r, stop) => (await IamDemands.PolicyAsync(cx, action, r.PolicyArn, stop)).Tagging(r.Tags));
        MapOne(IamOperations.UntagPolicy, UntagPolicy.HandleAsync, (cx, action, r, stop) => IamDemands.PolicyAsync(cx, action, r.PolicyArn, stop));
        MapOne(IamOperations.ListPolicyTags, ListPolicyTags.HandleAsync, (cx, action, r, stop) => IamDemands.PolicyAsync(cx, action, r.PolicyArn, stop));
    }

    private void MapAccount()
    {
        Map(IamOperations.CreateAccountAlias, CreateAccountAlias.HandleAsync, (_, _) => "*");
        Map(IamOperations.DeleteAccountAlias, DeleteAccountAlias.HandleAsync, (_, _) => "*");
        Map(IamOperations.GetAccountAuthorizationDetails, GetAccountAuthorizationDetails.HandleAsync, (_, _) => "*");
        Map(IamOperations.GenerateCredentialReport, GenerateCredentialReport.HandleAsync, (_, _) => "*");
        Map(IamOperations.GetCredentialReport, GetCredentialReport.HandleAsync, (_, _) => "*");
    }

    /// <summary>Declares one operation whose action has the operation's name and asks one question that needs documents.</summary>
    private void MapOne<TRequest, TResponse>(
        Operation<TRequest, TResponse> operation, Func<IamContext, TRequest, CancellationToken, ValueTask<TResponse>> handler,
        Func<IamContext, string, TRequest, CancellationToken, ValueTask<AccessDemand>> demand)
        where TRequest : Shape, new()
        where TResponse : Shape, new() =>
        Map(operation, handler, async (cx, request, stop) => [await demand(cx, $"iam:{operation.Name}", request, stop)]);
}
