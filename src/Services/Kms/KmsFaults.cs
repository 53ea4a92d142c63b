using Longspan.Api.Kms;
using Longspan.Api.Shapes;

namespace Longspan.Services.Kms;

/// <summary>Refusals of KMS that its model does not name, and wordings used more than once.</summary>
internal static class KmsFaults
{
    public static AwsError Validation(string message) => new("ValidationException", message);

    public static AwsError Constraint(string member, object? value, string constraint) =>
        Validation($"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}");

    /// <summary>For values that are secret or too long to be told.</summary>
    public static AwsError Constraint(string member, string constraint) =>
        Validation($"1 validation error detected: Value at '{member}' failed to satisfy constraint: {constraint}");

    public static AwsError NoSuchKey(string arn) => new NotFoundException($"Key '{arn}' does not exist");

    public static AwsError InvalidKeyId(string keyId) => new NotFoundException($"Invalid keyId '{keyId}'");

    public static AwsError NoSuchAlias(string arn) => new NotFoundException($"Alias {arn} is not found.");

    public static AwsError PendingDeletion(string keyArn) => new KMSInvalidStateException($"{keyArn} is pending deletion.");

    public static AwsError Unsupported(string what) => new UnsupportedOperationException($"{what} is not supported here.");

    public static AwsError NotAllowedByKey(KmsContext cx, string action, string keyArn) => new(
        "AccessDeniedException",
        $"User: {cx.Caller.Arn} is not authorized to perform: {action} on resource: {keyArn} because no resource-based policy allows the {action} action");

    /// <summary>Says nothing of whether the key exists: the ciphertext's holder may be anybody.</summary>
    public static AwsError UnknownCiphertext() => new(
        "AccessDeniedException",
        "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.");

    /// <summary>AWS says no more than the code.</summary>
    public static AwsError InvalidCiphertext() => new InvalidCiphertextException("");

    public static AwsError Marker() => new InvalidMarkerException("The marker is not valid.");

    /// <summary>A change kept losing against others; SDKs repeat the call on this.</summary>
    public static AwsError Contended() => new KMSInternalException("The key is being changed by other requests. Try again.");

    public static AwsError DryRun() =>
        new DryRunOperationException("The request would have succeeded, but the DryRun option is set.");
}
