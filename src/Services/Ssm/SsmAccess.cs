using Longspan.Api.Ssm;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Services.Ssm.Documents;
using Longspan.Services.Ssm.Rules;

namespace Longspan.Services.Ssm;

/// <summary>
/// What SSM's operations ask of the policies. Calls that a machine proves with its activation code or its own key ask nothing: they give a
/// machine what is its own, and nobody else gets through to them.
/// </summary>
internal static class SsmAccess
{
    private const string OwnTagKey = "ssm:resourceTag";

    /// <summary>What knows no single resource is about everything that SSM has in this region.</summary>
    public static string Everything(SsmContext cx) => cx.Call.Arn("ssm", "*").ToString();

    public static async ValueTask<AccessDemand> ParameterAsync(SsmContext cx, string action, string? text, CancellationToken stop)
    {
        var name = ParameterNames.TryReference(cx.Call, text ?? "")?.Name;
        var tags = name is null ? null : (await Parameters.FindAsync(cx, name, stop))?.Value.Tags;
        // Another account's or region's parameter is asked about as what it is, so that a right to the caller's own says nothing of it.
        var arn = name is not null ? ParameterNames.ArnOf(cx.Call, name)
            : Arn.TryParse(text, out _) ? text
            : cx.Call.Arn("ssm", $"parameter/{text?.TrimStart('/')}").ToString();
        return new AccessDemand(action, arn).Tagged(tags, OwnTagKey);
    }

    /// <summary>One question for each name: all must be allowed.</summary>
    public static async ValueTask<IReadOnlyList<AccessDemand>> ParametersAsync(
        SsmContext cx, string action, IReadOnlyList<string>? names, CancellationToken stop)
    {
        List<AccessDemand> demands = [];
        foreach (var name in names ?? [])
        {
            demands.Add(await ParameterAsync(cx, action, name, stop));
        }
        return demands.Count > 0 ? demands : [new AccessDemand(action, Everything(cx))];
    }

    public static async ValueTask<IReadOnlyList<AccessDemand>> PutAsync(SsmContext cx, PutParameterRequest request, CancellationToken stop)
    {
        var tags = Tags(request.Tags);
        var put = await ParameterAsync(cx, "ssm:PutParameter", request.Name?.Trim(), stop) with { RequestTags = tags };
        put = put.With(AccessRules.Keys(("ssm:Overwrite", request.Overwrite == true ? "true" : "false"), ("ssm:Policies", request.Policies)));
        return tags is null ? [put] : [put, put with { Action = "ssm:AddTagsToResource" }];
    }

    /// <summary>A path is asked about as the parameter of that name: who may read below it is decided by it alone.</summary>
    public static AccessDemand Path(SsmContext cx, GetParametersByPathRequest request)
    {
        var path = ParameterNames.CheckPath(request.Path ?? "");
        return new AccessDemand("ssm:GetParametersByPath", ParameterNames.ArnOf(cx.Call, path)).With(AccessRules.Keys(("ssm:Recursive", request.Recursive == true ? "true" : "false")));
    }

    public static async ValueTask<AccessDemand> MachineAsync(SsmContext cx, string action, string? id, CancellationToken stop)
    {
        var instance = string.IsNullOrEmpty(id) ? null : await cx.Documents.GetAsync(SsmKinds.Instances, cx.Call.Scope, id, stop);
        return new AccessDemand(action, cx.Call.Arn("ssm", $"managed-instance/{id}").ToString()).Tagged(instance?.Value.Tags, OwnTagKey);
    }

    /// <summary>The resource whose tags are read or changed.</summary>
    public static ValueTask<AccessDemand> TaggedAsync(SsmContext cx, string action, string? resourceType, string? id, CancellationToken stop) =>
        resourceType == "ManagedInstance" ? MachineAsync(cx, action, id, stop) : ParameterAsync(cx, action, id, stop);

    /// <summary>Who gives machines a role must be allowed to pass it.</summary>
    public static IReadOnlyList<AccessDemand> Activation(SsmContext cx, CreateActivationRequest request)
    {
        var tags = Tags(request.Tags);
        var create = new AccessDemand("ssm:CreateActivation", Everything(cx)) { RequestTags = tags };
        List<AccessDemand> demands = [create, Passing(cx, request.IamRole)];
        if (tags is not null)
        {
            demands.Add(create with { Action = "ssm:AddTagsToResource" });
        }
        return demands;
    }

    public static async ValueTask<IReadOnlyList<AccessDemand>> RoleOfMachineAsync(
        SsmContext cx, UpdateManagedInstanceRoleRequest request, CancellationToken stop) =>
        [await MachineAsync(cx, "ssm:UpdateManagedInstanceRole", request.InstanceId, stop), Passing(cx, request.IamRole)];

    public static IReadOnlyDictionary<string, string>? Tags(IEnumerable<Tag>? tags) => AccessRules.Tags(tags, t => t.Key, t => t.Value);

    private static AccessDemand Passing(SsmContext cx, string? role) =>
        new("iam:PassRole", $"arn:aws:iam::{cx.Call.AccountId}:role/{role}") { Keys = AccessRules.Keys(("iam:PassedToService", MachineRoles.Principal)) };
}
