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
        MapWhatIsNotHere();
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
        MapPolicy(IamOperations.GetPolicy, GetPolicy.HandleAsync, r => r.PolicyArn);
        MapPolicy(IamOperations.GetPolicyVersion, GetPolicyVersion.HandleAsync, r => r.PolicyArn);
        Map(IamOperations.ListPolicies, ListPolicies.HandleAsync, (_, _) => "*");
        MapPolicy(IamOperations.CreatePolicyVersion, CreatePolicyVersion.HandleAsync, r => r.PolicyArn);
        MapPolicy(IamOperations.ListPolicyVersions, ListPolicyVersions.HandleAsync, r => r.PolicyArn);
        MapPolicy(IamOperations.SetDefaultPolicyVersion, SetDefaultPolicyVersion.HandleAsync, r => r.PolicyArn);
        MapPolicy(IamOperations.DeletePolicyVersion, DeletePolicyVersion.HandleAsync, r => r.PolicyArn);
        MapPolicy(IamOperations.ListEntitiesForPolicy, ListEntitiesForPolicy.HandleAsync, r => r.PolicyArn);
        MapPolicy(IamOperations.DeletePolicy, DeletePolicy.HandleAsync, r => r.PolicyArn);
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

    private void MapGroups()
    {
        Map(IamOperations.CreateGroup, CreateGroup.HandleAsync, (cx, r) => IamAccess.ArnOf(cx, $"group{IamChecks.Path(r.Path)}{r.GroupName}"));
        MapGroup(IamOperations.GetGroup, GetGroup.HandleAsync, r => r.GroupName);
        Map(IamOperations.ListGroups, ListGroups.HandleAsync, (_, _) => "*");
        MapGroup(IamOperations.UpdateGroup, UpdateGroup.HandleAsync, r => r.GroupName);
        MapGroup(IamOperations.DeleteGroup, DeleteGroup.HandleAsync, r => r.GroupName);
        MapGroup(IamOperations.AddUserToGroup, AddUserToGroup.HandleAsync, r => r.GroupName);
        MapGroup(IamOperations.RemoveUserFromGroup, RemoveUserFromGroup.HandleAsync, r => r.GroupName);
        MapGroup(IamOperations.PutGroupPolicy, PutGroupPolicy.HandleAsync, r => r.GroupName);
        MapGroup(IamOperations.GetGroupPolicy, GetGroupPolicy.HandleAsync, r => r.GroupName);
        MapGroup(IamOperations.ListGroupPolicies, ListGroupPolicies.HandleAsync, r => r.GroupName);
        MapGroup(IamOperations.DeleteGroupPolicy, DeleteGroupPolicy.HandleAsync, r => r.GroupName);
        MapGroup(IamOperations.AttachGroupPolicy, AttachGroupPolicy.HandleAsync, r => r.GroupName, (d, r) => IamAccess.About(d, r.PolicyArn));
        MapGroup(IamOperations.DetachGroupPolicy, DetachGroupPolicy.HandleAsync, r => r.GroupName, (d, r) => IamAccess.About(d, r.PolicyArn));
        MapGroup(IamOperations.ListAttachedGroupPolicies, ListAttachedGroupPolicies.HandleAsync, r => r.GroupName);
    }

    private void MapUserChanges()
    {
        MapUser(IamOperations.UpdateUser, UpdateUser.HandleAsync, r => r.UserName);
        MapUser(IamOperations.PutUserPermissionsBoundary, PutUserPermissionsBoundary.HandleAsync, r => r.UserName, (d, r) => IamAccess.Bounded(d, r.PermissionsBoundary));
        MapUser(IamOperations.DeleteUserPermissionsBoundary, DeleteUserPermissionsBoundary.HandleAsync, r => r.UserName);
    }

    /// <summary>Passwords, devices and certificates: tools ask for them, and are told that there are none.</summary>
    private void MapWhatIsNotHere()
    {
        MapUser(IamOperations.GetLoginProfile, GetLoginProfile.HandleAsync, r => r.UserName);
        MapUser(IamOperations.DeleteLoginProfile, DeleteLoginProfile.HandleAsync, r => r.UserName);
        MapUser(IamOperations.ListMFADevices, ListMFADevices.HandleAsync, r => r.UserName);
        MapUser(IamOperations.ListSSHPublicKeys, ListSSHPublicKeys.HandleAsync, r => r.UserName);
        MapUser(IamOperations.ListSigningCertificates, ListSigningCertificates.HandleAsync, r => r.UserName);
        Map(
            IamOperations.ListServiceSpecificCredentials, ListServiceSpecificCredentials.HandleAsync,
            async (cx, r, stop) =>
            [
                r.AllUsers == true
                    ? IamAccess.Listing(cx, "iam:ListServiceSpecificCredentials", "user", null)
                    : await IamAccess.UserAsync(cx, "iam:ListServiceSpecificCredentials", r.UserName, stop),
            ]);
        Map(IamOperations.GetAccountPasswordPolicy, GetAccountPasswordPolicy.HandleAsync, (_, _) => "*");
        Map(IamOperations.ListSAMLProviders, ListSAMLProviders.HandleAsync, (_, _) => "*");
        Map(IamOperations.ListServerCertificates, ListServerCertificates.HandleAsync, (_, _) => "*");
        Map(IamOperations.ListVirtualMFADevices, ListVirtualMFADevices.HandleAsync, (_, _) => "*");
    }

    private void MapRoleChanges()
    {
        MapRole(IamOperations.PutRolePermissionsBoundary, PutRolePermissionsBoundary.HandleAsync, r => r.RoleName, (d, r) => IamAccess.Bounded(d, r.PermissionsBoundary));
        MapRole(IamOperations.DeleteRolePermissionsBoundary, DeleteRolePermissionsBoundary.HandleAsync, r => r.RoleName);
        Map(
            IamOperations.CreateServiceLinkedRole, CreateServiceLinkedRole.HandleAsync,
            (cx, r, _) => AccessRules.Demand(IamAccess.ServiceLinkedRole(cx, "iam:CreateServiceLinkedRole", r.AWSServiceName)));
        MapRole(IamOperations.DeleteServiceLinkedRole, DeleteServiceLinkedRole.HandleAsync, r => r.RoleName);
        Map(
            IamOperations.GetServiceLinkedRoleDeletionStatus, GetServiceLinkedRoleDeletionStatus.HandleAsync,
            (cx, r) => IamAccess.ArnOf(cx, $"role/{r.DeletionTaskId?.Split('/').ElementAtOrDefault(3)}"));
    }

    private void MapInstanceProfiles()
    {
        Map(IamOperations.CreateInstanceProfile, CreateInstanceProfile.HandleAsync, (cx, r, _) => ValueTask.FromResult(IamAccess.CreateInstanceProfile(cx, r)));
        MapProfile(IamOperations.GetInstanceProfile, GetInstanceProfile.HandleAsync, r => r.InstanceProfileName);
        Map(IamOperations.ListInstanceProfiles, ListInstanceProfiles.HandleAsync, (_, _) => "*");
        MapProfile(IamOperations.DeleteInstanceProfile, DeleteInstanceProfile.HandleAsync, r => r.InstanceProfileName);
        Map(
            IamOperations.AddRoleToInstanceProfile, AddRoleToInstanceProfile.HandleAsync,
            async (cx, r, stop) =>
            [
                await IamAccess.ProfileAsync(cx, "iam:AddRoleToInstanceProfile", r.InstanceProfileName, stop),
                await IamAccess.RoleAsync(cx, "iam:PassRole", r.RoleName, stop),
            ]);
        MapProfile(IamOperations.RemoveRoleFromInstanceProfile, RemoveRoleFromInstanceProfile.HandleAsync, r => r.InstanceProfileName);
        MapProfile(IamOperations.TagInstanceProfile, TagInstanceProfile.HandleAsync, r => r.InstanceProfileName, (d, r) => d with { RequestTags = IamAccess.Tags(r.Tags) });
        MapProfile(IamOperations.UntagInstanceProfile, UntagInstanceProfile.HandleAsync, r => r.InstanceProfileName, (d, r) => d.With(AccessRules.TagKeys(r.TagKeys)));
        MapProfile(IamOperations.ListInstanceProfileTags, ListInstanceProfileTags.HandleAsync, r => r.InstanceProfileName);
    }

    private void MapOidcProviders()
    {
        Map(
            IamOperations.CreateOpenIDConnectProvider, CreateOpenIDConnectProvider.HandleAsync,
            (cx, r, _) => ValueTask.FromResult(IamAccess.CreateProvider(cx, r, OidcProviderDocument.NameOf(OidcProviders.Issuer(r.Url)))));
        MapProvider(IamOperations.GetOpenIDConnectProvider, GetOpenIDConnectProvider.HandleAsync, r => r.OpenIDConnectProviderArn);
        Map(IamOperations.ListOpenIDConnectProviders, ListOpenIDConnectProviders.HandleAsync, (_, _) => "*");
        MapProvider(IamOperations.DeleteOpenIDConnectProvider, DeleteOpenIDConnectProvider.HandleAsync, r => r.OpenIDConnectProviderArn);
        MapProvider(IamOperations.UpdateOpenIDConnectProviderThumbprint, UpdateOpenIDConnectProviderThumbprint.HandleAsync, r => r.OpenIDConnectProviderArn);
        MapProvider(IamOperations.AddClientIDToOpenIDConnectProvider, AddClientIDToOpenIDConnectProvider.HandleAsync, r => r.OpenIDConnectProviderArn);
        MapProvider(IamOperations.RemoveClientIDFromOpenIDConnectProvider, RemoveClientIDFromOpenIDConnectProvider.HandleAsync, r => r.OpenIDConnectProviderArn);
        MapProvider(IamOperations.TagOpenIDConnectProvider, TagOpenIDConnectProvider.HandleAsync, r => r.OpenIDConnectProviderArn, (d, r) => d with { RequestTags = IamAccess.Tags(r.Tags) });
        MapProvider(IamOperations.UntagOpenIDConnectProvider, UntagOpenIDConnectProvider.HandleAsync, r => r.OpenIDConnectProviderArn, (d, r) => d.With(AccessRules.TagKeys(r.TagKeys)));
        MapProvider(IamOperations.ListOpenIDConnectProviderTags, ListOpenIDConnectProviderTags.HandleAsync, r => r.OpenIDConnectProviderArn);
    }

    private void MapPolicyTags()
    {
        MapPolicy(IamOperations.TagPolicy, TagPolicy.HandleAsync, r => r.PolicyArn, (d, r) => d with { RequestTags = IamAccess.Tags(r.Tags) });
        MapPolicy(IamOperations.UntagPolicy, UntagPolicy.HandleAsync, r => r.PolicyArn, (d, r) => d.With(AccessRules.TagKeys(r.TagKeys)));
        MapPolicy(IamOperations.ListPolicyTags, ListPolicyTags.HandleAsync, r => r.PolicyArn);
    }

    private void MapAccount()
    {
        Map(IamOperations.CreateAccountAlias, CreateAccountAlias.HandleAsync, (_, _) => "*");
        Map(IamOperations.DeleteAccountAlias, DeleteAccountAlias.HandleAsync, (_, _) => "*");
        Map(IamOperations.GetAccountAuthorizationDetails, GetAccountAuthorizationDetails.HandleAsync, (_, _) => "*");
        Map(IamOperations.GenerateCredentialReport, GenerateCredentialReport.HandleAsync, (_, _) => "*");
        Map(IamOperations.GetCredentialReport, GetCredentialReport.HandleAsync, (_, _) => "*");
    }

    /// <summary>An operation on one user: the one that <paramref name="name"/> tells, or the caller itself.</summary>
    /// <param name="about">Adds what the question is about beside the user.</param>
    private void MapUser<TRequest, TResponse>(
        Operation<TRequest, TResponse> operation, Func<IamContext, TRequest, CancellationToken, ValueTask<TResponse>> handler,
        Func<TRequest, string?> name, Func<AccessDemand, TRequest, AccessDemand>? about = null)
        where TRequest : Shape, new()
        where TResponse : Shape, new() => MapNamed(IamAccess.UserAsync, operation, handler, name, about);

    private void MapRole<TRequest, TResponse>(
        Operation<TRequest, TResponse> operation, Func<IamContext, TRequest, CancellationToken, ValueTask<TResponse>> handler,
        Func<TRequest, string?> name, Func<AccessDemand, TRequest, AccessDemand>? about = null)
        where TRequest : Shape, new()
        where TResponse : Shape, new() => MapNamed(IamAccess.RoleAsync, operation, handler, name, about);

    private void MapGroup<TRequest, TResponse>(
        Operation<TRequest, TResponse> operation, Func<IamContext, TRequest, CancellationToken, ValueTask<TResponse>> handler,
        Func<TRequest, string?> name, Func<AccessDemand, TRequest, AccessDemand>? about = null)
        where TRequest : Shape, new()
        where TResponse : Shape, new() => MapNamed(IamAccess.GroupAsync, operation, handler, name, about);

    private void MapPolicy<TRequest, TResponse>(
        Operation<TRequest, TResponse> operation, Func<IamContext, TRequest, CancellationToken, ValueTask<TResponse>> handler,
        Func<TRequest, string?> name, Func<AccessDemand, TRequest, AccessDemand>? about = null)
        where TRequest : Shape, new()
        where TResponse : Shape, new() => MapNamed(IamAccess.PolicyAsync, operation, handler, name, about);

    private void MapProfile<TRequest, TResponse>(
        Operation<TRequest, TResponse> operation, Func<IamContext, TRequest, CancellationToken, ValueTask<TResponse>> handler,
        Func<TRequest, string?> name, Func<AccessDemand, TRequest, AccessDemand>? about = null)
        where TRequest : Shape, new()
        where TResponse : Shape, new() => MapNamed(IamAccess.ProfileAsync, operation, handler, name, about);

    private void MapProvider<TRequest, TResponse>(
        Operation<TRequest, TResponse> operation, Func<IamContext, TRequest, CancellationToken, ValueTask<TResponse>> handler,
        Func<TRequest, string?> name, Func<AccessDemand, TRequest, AccessDemand>? about = null)
        where TRequest : Shape, new()
        where TResponse : Shape, new() => MapNamed(IamAccess.ProviderAsync, operation, handler, name, about);

    private void MapNamed<TRequest, TResponse>(
        Func<IamContext, string, string?, CancellationToken, ValueTask<AccessDemand>> ask,
        Operation<TRequest, TResponse> operation, Func<IamContext, TRequest, CancellationToken, ValueTask<TResponse>> handler,
        Func<TRequest, string?> name, Func<AccessDemand, TRequest, AccessDemand>? about)
        where TRequest : Shape, new()
        where TResponse : Shape, new()
    {
        var action = $"iam:{operation.Name}";
        Map(operation, handler, async (cx, request, stop) =>
        {
            var demand = await ask(cx, action, name(request), stop);
            return [about is null ? demand : about(demand, request)];
        });
    }
}
