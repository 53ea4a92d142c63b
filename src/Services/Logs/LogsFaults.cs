using Longspan.Api.Logs;

namespace Longspan.Services.Logs;

/// <summary>Refusals that several operations share, in the service's own words.</summary>
internal static class LogsFaults
{
    public static ResourceNotFoundException NoSuchGroup() => new("The specified log group does not exist.");

    public static ResourceNotFoundException NoSuchStream() => new("The specified log stream does not exist.");

    public static InvalidParameterException BadToken() => new("The specified nextToken is invalid.");

    public static OperationAbortedException Contended() =>
        new("A conflicting operation is currently in progress against this resource. Please try again.");

    public static InvalidParameterException Constraint(string member, object? value, string constraint) =>
        new($"1 validation error detected: Value {(value is null ? "null" : $"'{value}'")} at '{member}' failed to satisfy constraint: {constraint}");

    /// <summary>The value, or the default when absent; refused outside 1 to <paramref name="maximum"/>.</summary>
    public static int Limit(int? limit, int maximum) => limit switch
    {
        null => maximum,
        < 1 => throw Constraint("limit", limit, "Member must have value greater than or equal to 1"),
        _ when limit > maximum => throw Constraint("limit", limit, $"Member must have value less than or equal to {maximum}"),
        _ => limit.Value,
    };
}
