using Longspan.Api.Iam;
using Longspan.Kernel;
using Longspan.Services.Iam.Operations;

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

    private void MapSimulations()
    {
        Map(IamOperations.SimulatePrincipalPolicy, SimulatePrincipalPolicy.HandleAsync, (_, request) => request.PolicySourceArn!);
        Map(IamOperations.SimulateCustomPolicy, SimulateCustomPolicy.HandleAsync, (_, _) => "*");
        Map(IamOperations.GetContextKeysForPrincipalPolicy, GetContextKeysForPrincipalPolicy.HandleAsync, (_, request) => request.PolicySourceArn!);
        Map(IamOperations.GetContextKeysForCustomPolicy, GetContextKeysForCustomPolicy.HandleAsync, (_, _) => "*");
    }
}
