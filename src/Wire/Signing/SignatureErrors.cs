using System.Globalization;
using Longspan.Api.Shapes;

namespace Longspan.Wire.Signing;

/// <summary>
/// How each protocol names a faulty signature. JSON services answer 400 with an Exception name; Query and REST services answer 403 with
/// the shorter names of https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html; S3 has its own list,
/// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
/// </summary>
internal readonly struct SignatureErrors(AwsProtocol protocol, bool isS3)
{
    private int DeniedStatus => protocol is AwsProtocol.AwsJson10 or AwsProtocol.AwsJson11 or AwsProtocol.RpcV2Cbor ? 400 : 403;

    public AwsError Missing() => isS3
        ? new AwsError("AccessDenied", "Access Denied", 403)
        : Error("MissingAuthenticationTokenException", "MissingAuthenticationToken",
            protocol is AwsProtocol.AwsQuery ? "Request is missing Authentication Token" : "Missing Authentication Token", DeniedStatus);

    public AwsError Incomplete(string problem) => isS3
        ? new AwsError("AuthorizationHeaderMalformed", problem, 400)
        : Error("IncompleteSignatureException", "IncompleteSignature", problem, 400);

    public AwsError UnknownKey() => isS3
        ? new AwsError("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403)
        : Error("UnrecognizedClientException", "InvalidClientTokenId", "The security token included in the request is invalid.", DeniedStatus);

    public AwsError WrongToken() => isS3
        ? new AwsError("InvalidToken", "The provided token is malformed or otherwise invalid.", 400)
        : Error("UnrecognizedClientException", "InvalidClientTokenId", "The security token included in the request is invalid.", DeniedStatus);

    public AwsError ExpiredToken() => isS3
        ? new AwsError("ExpiredToken", "The provided token has expired.", 400)
        : Error("ExpiredTokenException", "ExpiredToken", "The security token included in the request is expired", DeniedStatus);

    public AwsError Mismatch() => isS3
        ? new AwsError("SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your key and signing method.", 403)
        : Mismatch("The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and "
            + "signing method. Consult the service documentation for details.");

    public AwsError Mismatch(string message) => isS3
        ? new AwsError("SignatureDoesNotMatch", message, 403)
        : Error("InvalidSignatureException", "SignatureDoesNotMatch", message, DeniedStatus);

    public AwsError WrongBodyHash() => isS3
        ? new AwsError("XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.", 400)
        : Mismatch();

    public AwsError TooEarly(DateTimeOffset signed, DateTimeOffset now, TimeSpan window) => isS3
        ? Skewed()
        : Mismatch($"Signature not yet current: {Stamp(signed)} is still later than {Stamp(now + window)} ({Stamp(now)} + {window.TotalMinutes:0} min.)");

    public AwsError TooLate(DateTimeOffset signed, DateTimeOffset now, TimeSpan window) => isS3
        ? Skewed()
        : Mismatch($"Signature expired: {Stamp(signed)} is now earlier than {Stamp(now - window)} ({Stamp(now)} - {window.TotalMinutes:0} min.)");

    public AwsError PresignedExpired(DateTimeOffset signed, DateTimeOffset now, TimeSpan life) => isS3
        ? new AwsError("AccessDenied", "Request has expired", 403)
        : Mismatch($"Signature expired: {Stamp(signed)} is now earlier than {Stamp(now - life)} ({Stamp(now)} - {life.TotalSeconds:0} sec.)");

    public static AwsError Unsupported(string form) =>
        new("NotImplemented", $"A payload signed as {form} is not supported.", 501);

    private static AwsError Skewed() =>
        new("RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", 403);

    private AwsError Error(string code, string queryCode, string message, int status) =>
        new(protocol is AwsProtocol.RestXml ? queryCode : code, message, status, queryCode);

    private static string Stamp(DateTimeOffset time) => time.UtcDateTime.ToString(SignatureFields.DateFormat, CultureInfo.InvariantCulture);
}
