using Longspan.Api.Shapes;

namespace Longspan.Services.Sts;

/// <summary>Refusals of STS that its model does not name.</summary>
internal static class StsFaults
{
    public static AwsError Validation(string message) => new("ValidationError", message);

    public static AwsError Constraint(string member, object? value, string constraint) =>
        Validation($"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}");

    public static AwsError AccessDenied(string message) => new("AccessDenied", message, 403);

    public static AwsError NotAuthorized(string callerArn, string action, string resource) =>
        AccessDenied($"User: {callerArn} is not authorized to perform: {action} on resource: {resource}");
}
