using Longspan.Api.Shapes;
using Longspan.Api.Sqs;

namespace Longspan.Services.Sqs;

/// <summary>Refusals that the model does not name, and the wording of those that come from several places.</summary>
internal static class SqsFaults
{
    public static AwsError MissingParameter(string name) => new(
        "MissingRequiredParameterException", $"The request must contain the parameter {name}.", 400, "MissingParameter");

    public static AwsError InvalidParameter(string message) => new("InvalidParameterValueException", message, 400, "InvalidParameterValue");

    public static AwsError InvalidParameter(string name, object? value, string reason) =>
        InvalidParameter($"Value {value} for parameter {name} is invalid. Reason: {reason}");

    public static AwsError NoSuchQueue() => new QueueDoesNotExist("The specified queue does not exist.")
    {
        QueryMessage = "The specified queue does not exist for this wsdl version.",
    };

    public static AwsError InvalidAttribute(string name) => new InvalidAttributeValue($"Invalid value for the parameter {name}.");

    public static AwsError InvalidAttribute(string name, string reason) => new InvalidAttributeValue($"Invalid value for the parameter {name}. Reason: {reason}");

    public static AwsError UnknownAttribute(string name) => new InvalidAttributeName($"Unknown Attribute {name}.");

    public static AwsError BadHandle(string handle) => new ReceiptHandleIsInvalid($"The input receipt handle \"{handle}\" is not a valid receipt handle.");

    public static AwsError Unreadable() => new(
        "InternalFailure", "A stored message cannot be read. It is not delivered; the server's log says which and why.", 500, "InternalError");

    public static AwsError Throttled() => new RequestThrottled(
        "The request was denied due to request throttling: too many messages are delayed, in flight or just sent.");

    public static AwsError Unavailable() => new("ServiceUnavailable", "The request has failed due to a temporary failure of the server.", 503);
}
