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
        MapSimulations();
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
        Map(IamOperations.CreateUser, CreateUser.HandleAsync, (cx, r, _) => ValueTask.FromResult(IamAccess.CreateUser(cx, r)));
        MapUser(IamOperations.GetUser, GetUser.HandleAsync, r => r.UserName);
        Map(IamOperations.ListUsers, ListUsers.HandleAsync, (cx, r, _) => AccessRules.Demand(IamAccess.Listing(cx, "iam:ListUsers", "user", r.PathPrefix)));
        MapUser(IamOperations.DeleteUser, DeleteUser.HandleAsync, r => r.UserName);
        MapUser(IamOperations.TagUser, TagUser.HandleAsync, r => r.UserName, (d, r) => d with { RequestTags = IamAccess.Tags(r.Tags) });
        MapUser(IamOperations.UntagUser, UntagUser.HandleAsync, r => r.UserName, (d, r) => d.With(AccessRules.TagKeys(r.TagKeys)));
        MapUser(IamOperations.ListUserTags, ListUserTags.HandleAsync, r => r.UserName);
        MapUser(IamOperations.ListGroupsForUser, ListGroupsForUser.HandleAsync, r => r.UserName);
        MapUser(IamOperations.CreateAccessKey, CreateAccessKey.HandleAsync, r => r.UserName);
        MapUser(IamOperations.ListAccessKeys, ListAccessKeys.HandleAsync, r => r.UserName);
        MapUser(IamOperations.UpdateAccessKey, UpdateAccessKey.HandleAsync, r => r.UserName);
        MapUser(IamOperations.DeleteAccessKey, DeleteAccessKey.HandleAsync, r => r.UserName);
        Map(IamOperations.GetAccessKeyLastUsed, GetAccessKeyLastUsed.HandleAsync, IamAccess.KeyUseAsync);
        MapUser(IamOperations.PutUserPolicy, PutUserPolicy.HandleAsync, r => r.UserName);
        MapUser(IamOperations.GetUserPolicy, GetUserPolicy.HandleAsync, r => r.UserName);
        MapUser(IamOperations.ListUserPolicies, ListUserPolicies.HandleAsync, r => r.UserName);
        MapUser(IamOperations.DeleteUserPolicy, DeleteUserPolicy.HandleAsync, r => r.UserName);
        MapUser(IamOperations.AttachUserPolicy, AttachUserPolicy.HandleAsync, r => r.UserName, (d, r) => IamAccess.About(d, r.PolicyArn));
        MapUser(IamOperations.DetachUserPolicy, DetachUserPolicy.HandleAsync, r => r.UserName, (d, r) => IamAccess.About(d, r.PolicyArn));
        MapUser(IamOperations.ListAttachedUserPolicies, ListAttachedUserPolicies.HandleAsync, r => r.UserName);
    }

    private void MapRoles()
    {
        Map(IamOperations.CreateRole, CreateRole.HandleAsync, (cx, r, _) => ValueTask.FromResult(IamAccess.CreateRole(cx, r)));
        MapRole(IamOperations.GetRole, GetRole.HandleAsync, r => r.RoleName);
        Map(IamOperations.ListRoles, ListRoles.HandleAsync, (cx, r, _) => AccessRules.Demand(IamAccess.Listing(cx, "iam:ListRoles", "role", r.PathPrefix)));
        MapRole(IamOperations.DeleteRole, DeleteRole.HandleAsync, r => r.RoleName);
        MapRole(IamOperations.UpdateRole, UpdateRole.HandleAsync, r => r.RoleName);
        MapRole(IamOperations.UpdateRoleDescription, UpdateRoleDescription.HandleAsync, r => r.RoleName);
        MapRole(IamOperations.TagRole, TagRole.HandleAsync, r => r.RoleName, (d, r) => d with { RequestTags = IamAccess.Tags(r.Tags) });
        MapRole(IamOperations.UntagRole, UntagRole.HandleAsync, r => r.RoleName, (d, r) => d.With(AccessRules.TagKeys(r.TagKeys)));
        MapRole(IamOperations.ListRoleTags, ListRoleTags.HandleAsync, r => r.RoleName);
        MapRole(IamOperations.ListInstanceProfilesForRole, ListInstanceProfilesForRole.HandleAsync, r => r.RoleName);
        MapRole(IamOperations.UpdateAssumeRolePolicy, UpdateAssumeRolePolicy.HandleAsync, r => r.RoleName);
        MapRole(IamOperations.PutRolePolicy, PutRolePolicy.HandleAsync, r => r.RoleName);
        MapRole(IamOperations.GetRolePolicy, GetRolePolicy.HandleAsync, r => r.RoleName);
        MapRole(IamOperations.ListRolePolicies, ListRolePolicies.HandleAsync, r => r.RoleName);
        MapRole(IamOperations.DeleteRolePolicy, DeleteRolePolicy.HandleAsync, r => r.RoleName);
        MapRole(IamOperations.AttachRolePolicy, AttachRolePolicy.HandleAsync, r => r.RoleName, (d, r) => IamAccess.About(d, r.PolicyArn));
        MapRole(IamOperations.DetachRolePolicy, DetachRolePolicy.HandleAsync, r => r.RoleName, (d, r) => IamAccess.About(d, r.PolicyArn));
        MapRole(IamOperations.ListAttachedRolePolicies, ListAttachedRolePolicies.HandleAsync, r => r.RoleName);
    }

    private void MapPolicies()
    {
        Map(IamOperations.CreatePolicy, CreatePolicy.HandleAsync, (cx, r, _) => ValueTask.FromResult(IamAccess.CreatePolicy(cx, r)));
        Map(IamOperations.GetPolicy, GetPolicy.HandleAsync, (_, r, _) => AccessRules.Demand(IamAccess.Policy("iam:GetPolicy", r.PolicyArn)));
        Map(IamOperations.GetPolicyVersion, GetPolicyVersion.HandleAsync, (_, r, _) => AccessRules.Demand(IamAccess.Policy("iam:GetPolicyVersion", r.PolicyArn)));
        Map(IamOperations.ListPolicies, ListPolicies.HandleAsync, (_, _) => "*");
        Map(IamOperations.CreatePolicyVersion, CreatePolicyVersion.HandleAsync, (_, r, _) => AccessRules.Demand(IamAccess.Policy("iam:CreatePolicyVersion", r.PolicyArn)));
        Map(IamOperations.ListPolicyVersions, ListPolicyVersions.HandleAsync, (_, r, _) => AccessRules.Demand(IamAccess.Policy("iam:ListPolicyVersions", r.PolicyArn)));
        Map(IamOperations.SetDefaultPolicyVersion, SetDefaultPolicyVersion.HandleAsync, (_, r, _) => AccessRules.Demand(IamAccess.Policy("iam:SetDefaultPolicyVersion", r.PolicyArn)));
        Map(IamOperations.DeletePolicyVersion, DeletePolicyVersion.HandleAsync, (_, r, _) => AccessRules.Demand(IamAccess.Policy("iam:DeletePolicyVersion", r.PolicyArn)));
        Map(IamOperations.ListEntitiesForPolicy, ListEntitiesForPolicy.HandleAsync, (_, r, _) => AccessRules.Demand(IamAccess.Policy("iam:ListEntitiesForPolicy", r.PolicyArn)));
        Map(IamOperations.DeletePolicy, DeletePolicy.HandleAsync, (_, r, _) => AccessRules.Demand(IamAccess.Policy("iam:DeletePolicy", r.PolicyArn)));
        Map(IamOperations.ListAccountAliases, ListAccountAliases.HandleAsync, (_, _) => "*");
        Map(IamOperations.GetAccountSummary, GetAccountSummary.HandleAsync, (_, _) => "*");
    }

    private void MapSimulations()
    {
        Map(IamOperations.SimulatePrincipalPolicy, SimulatePrincipalPolicy.HandleAsync, (_, request) => request.PolicySourceArn!);
        Map(IamOperations.SimulateCustomPolicy, SimulateCustomPolicy.HandleAsync, (_, _) => "*");
        Map(IamOperations.GetContextKeysForPrincipalPolicy, GetContextKeysForPrincipalPolicy.HandleAsync, (_, request) => request.PolicySourceArn!);
        Map(IamOperations.GetContextKeysForCustomPolicy, GetContextKeysForCustomPolicy.HandleAsync, (_, _) => "*");
    }

    /// <summary>An operation on one user: the one that <paramref name="name"/> tells, or the caller itself.</summary>
    /// <param name="about">Adds what the question is about beside the user.</param>
    private void MapUser<TRequest, TResponse>(
        Operation<TRequest, TResponse> operation, Func<IamContext, TRequest, CancellationToken, ValueTask<TResponse>> handler,
        Func<TRequest, string?> name, Func<AccessDemand, TRequest, AccessDemand>? about = null)
        where TRequest : Shape, new()
        where TResponse : Shape, new() => Map(operation, handler, async (cx, request, stop) =>
        {
            var demand = await IamAccess.UserAsync(cx, $"iam:{operation.Name}", name(request), stop);
            return [about is null ? demand : about(demand, request)];
        });

    private void MapRole<TRequest, TResponse>(
        Operation<TRequest, TResponse> operation, Func<IamContext, TRequest, CancellationToken, ValueTask<TResponse>> handler,
        Func<TRequest, string?> name, Func<AccessDemand, TRequest, AccessDemand>? about = null)
        where TRequest : Shape, new()
        where TResponse : Shape, new() => Map(operation, handler, async (cx, request, stop) =>
        {
            var demand = await IamAccess.RoleAsync(cx, $"iam:{operation.Name}", name(request), stop);
            return [about is null ? demand : about(demand, request)];
        });
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
