using Longspan.Api.S3;
using Longspan.Api.Shapes;

namespace Longspan.Services.S3;

/// <summary>Refusals in S3's own words (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).</summary>
internal static class S3Faults
{
    public static AwsError NoSuchBucket() => new("NoSuchBucket", "The specified bucket does not exist", 404);

    public static AwsError NoSuchKey() => new("NoSuchKey", "The specified key does not exist.", 404);

    /// <summary>Answers to HEAD have no body, so the code is told by the status alone.</summary>
    public static AwsError NotFound() => new("NotFound", "Not Found", 404);

    public static AwsError BadBucketName() => new("InvalidBucketName", "The specified bucket is not valid.");

    public static AwsError BucketOwned() => new BucketAlreadyOwnedByYou("Your previous request to create the named bucket succeeded and you already own it.");

    public static AwsError BucketNotEmpty() => new("BucketNotEmpty", "The bucket you tried to delete is not empty", 409);

    public static AwsError KeyTooLong() => new("KeyTooLongError", "Your key is too long");

    public static AwsError BadDigest() => new("BadDigest", "The Content-MD5 or checksum value that you specified did not match what the server received.");

    public static AwsError InvalidArgument(string message) => new("InvalidArgument", message);

    public static AwsError PreconditionFailed() => new("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412);

    public static AwsError NotModified() => new("NotModified", "Not Modified", 304);

    public static AwsError Conflict() =>
        new("OperationAborted", "A conflicting conditional operation is currently in progress against this resource. Please try again.", 409);

    public static AwsError NotImplemented(string what) => new("NotImplemented", $"{what} is not supported here yet.", 501);
}
