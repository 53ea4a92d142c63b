using Longspan.Api.SecretsManager;
using Longspan.Api.Shapes;

namespace Longspan.Services.SecretsManager;

/// <summary>Refusals that several operations share, in the service's own words.</summary>
internal static class SecretsManagerFaults
{
    public static ResourceNotFoundException NotFound() => new("Secrets Manager can't find the specified secret.");

    public static ResourceNotFoundException NoSuchVersion(string id) =>
        new($"Secrets Manager can't find the specified secret value for VersionId: {id}");

    public static ResourceNotFoundException NoSuchStage(string stage) =>
        new($"Secrets Manager can't find the specified secret value for staging label: {stage}");

    public static InvalidRequestException MarkedForDeletion() =>
        new("You can't perform this operation on the secret because it was marked for deletion.");

    public static InvalidRequestException NoToken() => new("You must provide a ClientRequestToken value. We recommend a UUID-type value.");

    public static InvalidParameterException NextToken() => new("Invalid NextToken");

    /// <summary>What AWS's own check of a request against its model answers.</summary>
    public static AwsError Constraint(string member, object? value, string constraint) => new(
        "ValidationException",
        $"1 validation error detected: Value {(value is null ? "" : $"'{value}' ")}at '{member}' failed to satisfy constraint: {constraint}");

    /// <summary>A change kept losing against others.</summary>
    public static InternalServiceError Contended() => new("The secret is being changed by others. Please try again.");
}
