using Longspan.Api.Shapes;

namespace Longspan.Kernel.Access;

/// <summary>
/// What a user's sessions may not do whatever policies say: they are of no use for more credentials or more rights, so that nobody whom a user
/// lets in for an hour stays for longer. AWS's rule; its exception for sessions with a device does not apply, as there are no devices.
/// </summary>
internal static class SessionLimits
{
    /// <summary>Null when this kind of session may call the operation. Sessions of roles may call all of them.</summary>
    public static AwsError? Refusal(Caller caller, Operation operation)
    {
        // A login with an identity token is nobody's call yet, whoever signed it besides.
        if (caller.Session is not { RoleArn: null } session || operation.Name == "AssumeRoleWithWebIdentity")
        {
            return null;
        }
        return operation.Service.IamPrefix switch
        {
            // IAM knows no such keys, and says so.
            "iam" => new AwsError("InvalidClientTokenId", "The security token included in the request is invalid", 403),
            "sts" when operation.Name != "GetCallerIdentity" && (operation.Name != "AssumeRole" || session.FederatingUser is not null) =>
                new AwsError("AccessDenied", $"Cannot call {operation.Name} with session credentials", 403),
            _ => null,
        };
    }
}
