namespace Longspan.Api.Shapes;

/// <summary>
/// An expected refusal that the caller sees. Generated subclasses carry the model's code, HTTP status and, for services with an
/// older Query protocol, that protocol's code; plain instances serve the errors common to all services.
/// Thrown only by operations and by the generic request checks; rendered by <c>Wire</c> in the protocol of the request.
/// </summary>
public class AwsError : Exception
{
    public AwsError(string code, string message, int httpStatus = 400, string? queryCode = null, Shape? detail = null)
        : base(message)
    {
        Code = code;
        HttpStatus = httpStatus;
        QueryCode = queryCode;
        Detail = detail;
    }

    /// <summary>The modelled shape name, which JSON clients match on: <c>QueueDoesNotExist</c>.</summary>
    public string Code { get; }
    public int HttpStatus { get; }
    /// <summary>The code in Query/XML answers when it differs: <c>AWS.SimpleQueueService.NonExistentQueue</c>.</summary>
    public string? QueryCode { get; }
    /// <summary>The message in Query/XML answers when it differs.</summary>
    public string? QueryMessage { get; init; }
    /// <summary>Further modelled members of the error, if it has any beside its message.</summary>
    public Shape? Detail { get; }
    /// <summary>A refusal's reasons, sealed; <c>sts:DecodeAuthorizationMessage</c> opens them for those who may know.</summary>
    public string? AuthorizationMessage { get; init; }
    public bool IsServerFault => HttpStatus >= 500;
}
