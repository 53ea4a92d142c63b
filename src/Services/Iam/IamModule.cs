using Longspan.Api.Iam;
using Longspan.Api.Shapes;
using Longspan.Kernel;
using Longspan.Kernel.Access;
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
}
