using Longspan.Api.Shapes;
using Longspan.Api.Ssm;

namespace Longspan.Services.Ssm;

/// <summary>Refusals of SSM that its model does not name, and wordings used more than once.</summary>
internal static class SsmFaults
{
    public static AwsError Validation(string message) => new("ValidationException", message);

    public static AwsError Constraint(string member, object? value, string constraint) =>
        Validation($"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}");

    public static AwsError InstanceNotFound(string instanceId) =>
        new InvalidInstanceId($"Instance {instanceId} is not registered with this account.");

    public static AwsError NextToken() => new InvalidNextToken("The specified token isn't valid.");

    /// <summary>A change kept losing against others.</summary>
    public static AwsError TooManyUpdates() =>
        new TooManyUpdates("There are concurrent updates for a resource that supports one update at a time.");
}
