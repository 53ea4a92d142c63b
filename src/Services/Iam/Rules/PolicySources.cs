using Longspan.Api.Iam;
using Longspan.Kernel;
using Longspan.Kernel.Access.Policies;

namespace Longspan.Services.Iam.Rules;

/// <summary>Users, groups and roles by ARN, with their policies, as simulations name them.</summary>
internal static class PolicySources
{
    private const string SimulatedSession = "simulation";

    public static async ValueTask<Principal> FindAsync(IamContext cx, string sourceArn, CancellationToken stop)
    {
        if (!Arn.TryParse(sourceArn, out var arn) || arn.Service != "iam" || arn.AccountId != cx.AccountId)
        {
            throw Invalid(sourceArn);
        }
        var caller = arn.Resource.Split('/')[0] switch
        {
            "user" => await UserAsync(cx, arn.Name, stop),
            "group" => await GroupAsync(cx, arn.Name, stop),
            "role" => await RoleAsync(cx, arn.Name, stop),
            _ => throw Invalid(sourceArn),
        };
        return await cx.Call.Cloud.Access.PrincipalOfAsync(caller, stop);
    }

    public static InvalidInputException Invalid(string sourceArn) =>
        new($"Invalid Entity Arn: {sourceArn} does not clearly define entity type and name.");

    private static async ValueTask<Caller> UserAsync(IamContext cx, string name, CancellationToken stop)
    {
        var user = (await Identities.UserAsync(cx, name, stop)).Value;
        return new Caller(cx.AccountId, user.ArnIn(cx.AccountId), user.UserId, "", IsAdministrator: false);
    }

    private static async ValueTask<Caller> GroupAsync(IamContext cx, string name, CancellationToken stop)
    {
        var group = (await Identities.GroupAsync(cx, name, stop)).Value;
        return new Caller(cx.AccountId, group.ArnIn(cx.AccountId), group.GroupId, "", IsAdministrator: false);
    }

    private static async ValueTask<Caller> RoleAsync(IamContext cx, string name, CancellationToken stop)
    {
        var role = (await Identities.RoleAsync(cx, name, stop)).Value;
        var arn = Kernel.Access.AccessKeys.AssumedRoleArn(cx.AccountId, role.RoleName, SimulatedSession);
        return new Caller(cx.AccountId, arn, $"{role.RoleId}:{SimulatedSession}", "", IsAdministrator: false)
        {
            Session = new CallerSession { IssuedAt = cx.Call.Now, RoleArn = role.ArnIn(cx.AccountId) },
        };
    }
}
