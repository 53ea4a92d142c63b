using Longspan.Api.Iam;
using Longspan.Kernel;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class CreateRole
{
    public static async ValueTask<CreateRoleResponse> HandleAsync(IamContext cx, CreateRoleRequest request, CancellationToken stop)
    {
        var name = IamChecks.Name("roleName", request.RoleName, IamLimits.RoleNameLength);
        var role = new RoleDocument
        {
            RoleName = name,
            RoleId = Ids.Unique("AROA"),
            Path = IamChecks.Path(request.Path),
            CreatedAt = cx.Call.Now,
            TrustPolicy = await TrustPolicies.ReadAsync(cx, request.AssumeRolePolicyDocument, stop),
            Description = IamChecks.Description(request.Description),
            MaximumSessionSeconds = IamChecks.SessionSeconds(request.MaxSessionDuration),
            Tags = IamTags.Read(request.Tags, "TagsPerRole"),
            PermissionsBoundaryArn = request.PermissionsBoundary,
        };
        if (role.IsServiceLinked)
        {
            throw IamFaults.Validation($"The path {RoleDocument.ServiceLinkedPath} is reserved for service-linked roles.");
        }
        if ((await cx.Documents.ListAsync(AccessKinds.Roles, cx.AccountId, stop)).Count >= IamLimits.RolesPerAccount)
        {
            throw IamFaults.Quota("RolesPerAccount", IamLimits.RolesPerAccount);
        }
        await cx.CommitAsync(async () =>
        {
            if (await cx.Documents.GetAsync(AccessKinds.Roles, cx.AccountId, AccessKinds.NameOf(name), stop) is not null)
            {
                throw new EntityAlreadyExistsException($"Role with name {name} already exists.");
            }
            var commit = new Commit().Create(AccessKinds.Roles, cx.AccountId, AccessKinds.NameOf(name), role);
            await Boundaries.RequireAsync(cx, commit, request.PermissionsBoundary, stop);
            return commit;
        }, stop);
        return new CreateRoleResponse { Role = (await TrustPolicies.ShownAsync(cx, role, stop)).ToShape(cx.AccountId) };
    }
}
