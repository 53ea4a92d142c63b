namespace Longspan.Api.Shapes;

/// <summary>The protocols of AWS services. A service names those that it accepts, its preferred one first.</summary>
public enum AwsProtocol
{
    AwsJson10, AwsJson11, AwsQuery, RestJson, RestXml, RpcV2Cbor,
}

/// <summary>A service's facts from its model: how requests for it are recognised and how answers are spelled.</summary>
public sealed class ServiceSchema
{
    /// <summary>Our folder and namespace name: <c>Sqs</c>, <c>Ecs</c>.</summary>
    public required string Name { get; init; }
    /// <summary>The service name in the SigV4 credential scope: <c>sqs</c>, <c>ecs</c>.</summary>
    public required string SigningName { get; init; }
    /// <summary>What precedes the dot in <c>X-Amz-Target</c>: <c>AmazonSQS</c>.</summary>
    public string? TargetPrefix { get; init; }
    /// <summary>The Query protocol's <c>Version</c>.</summary>
    public required string ApiVersion { get; init; }
    public string? XmlNamespace { get; init; }
    public required IReadOnlyList<AwsProtocol> Protocols { get; init; }
    /// <summary>Whether awsJson and CBOR errors carry <c>x-amzn-query-error</c> for clients of the older Query protocol.</summary>
    public bool AwsQueryCompatible { get; init; }
    /// <summary>Prefix of IAM actions: <c>sqs</c> in <c>sqs:SendMessage</c>.</summary>
    public required string IamPrefix { get; init; }
    /// <summary>All operation names of the model, claimed or not, so that an unclaimed one is told apart from an unknown one.</summary>
    public required IReadOnlyList<string> AllOperations { get; init; }
    /// <summary>The claimed operations; generated.</summary>
    public required Func<IReadOnlyList<Operation>> Operations { get; init; }
}

/// <summary>One claimed operation.</summary>
public abstract class Operation
{
    public required ServiceSchema Service { get; init; }
    public required string Name { get; init; }
    /// <summary>The IAM action that most operations are: <c>sqs:SendMessage</c>.</summary>
    public string ActionName => $"{Service.IamPrefix}:{Name}";
    /// <summary>HTTP binding for the rest protocols: method, URI pattern (<c>/{Bucket}/{Key+}?x-id=PutObject</c>), success status.</summary>
    public string? HttpMethod { get; init; }
    public string? HttpUri { get; init; }
    public int HttpStatus { get; init; } = 200;
    public abstract Shape NewRequest();
    public abstract Shape NewResponse();
}

/// <summary>An operation with its shapes. An operation without input or output in the model gets a generated empty shape.</summary>
public sealed class Operation<TRequest, TResponse> : Operation
    where TRequest : Shape, new()
    where TResponse : Shape, new()
{
    public override Shape NewRequest() => new TRequest();
    public override Shape NewResponse() => new TResponse();
}
