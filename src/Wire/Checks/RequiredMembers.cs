using System.Text.Json;
using Longspan.Api.Shapes;

namespace Longspan.Wire.Checks;

/// <summary>
/// Refuses a request in which a member that the model requires is absent, at any depth. AWS services word this differently; see
/// <see cref="Wording"/>.
/// </summary>
internal static class RequiredMembers
{
    public static void Check(Operation operation, AwsProtocol protocol, Shape request)
    {
        var visitor = new Visitor();
        visitor.Visit(request, "");
        if (visitor.Missing is { } missing)
        {
            throw Wording(operation.Service, operation.Name, protocol, missing);
        }
    }

    /// <summary>
    /// What services answer, from the error lists of their API references:
    /// SQS https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html (MissingParameter),
    /// IAM and STS https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html (ValidationError),
    /// ECS says "Family can not be blank." as ClientException; CloudWatch documents MissingParameter with its operations; ECR and
    /// CloudWatch Logs name InvalidParameterException with each operation; SSM and the rest of the JSON services use the
    /// ValidationException of https://docs.aws.amazon.com/systems-manager/latest/APIReference/CommonErrors.html.
    /// </summary>
    private static AwsError Wording(ServiceSchema service, string operation, AwsProtocol protocol, string path)
    {
        var constraint = $"1 validation error detected: Value null at '{CamelCase(path)}' failed to satisfy constraint: Member must not be null";
        return service.Name switch
        {
            // A form without entries is all that an empty batch can look like there.
            "Sqs" when path == "Entries" && protocol == AwsProtocol.AwsQuery => new AwsError(
                "EmptyBatchRequest", $"There should be at least one {operation}RequestEntry in the request.", 400, "AWS.SimpleQueueService.EmptyBatchRequest"),
            "Sqs" => new AwsError("MissingRequiredParameterException", $"The request must contain the parameter {path}.", 400, "MissingParameter"),
            "Ecs" => new AwsError("ClientException", $"{char.ToUpperInvariant(path[0])}{path[1..]} can not be blank."),
            "CloudWatch" => new AwsError("MissingRequiredParameterException", $"The parameter {path} is required.", 400, "MissingParameter"),
            "Ecr" => new AwsError("InvalidParameterException", $"Invalid parameter at '{path}' failed to satisfy constraint: 'must not be null'"),
            "Logs" => new AwsError("InvalidParameterException", constraint),
            _ when protocol == AwsProtocol.AwsQuery => new AwsError("ValidationError", constraint),
            _ when protocol == AwsProtocol.RestXml => new AwsError("InvalidRequest", constraint),
            _ => new AwsError("ValidationException", constraint),
        };
    }

    private static string CamelCase(string path) => char.ToLowerInvariant(path[0]) + path[1..];

    /// <summary>Walks the set members; a shape hands them out to writers only, so that is what this is.</summary>
    private sealed class Visitor : ShapeWriter
    {
        private string _path = "";
        /// <summary>List items and map values have no name of their own; the path ends with their position already.</summary>
        private bool _inCollection;

        public string? Missing { get; private set; }

        public void Visit(Shape shape, string path)
        {
            foreach (var member in shape.Schema.Members)
            {
                if (Missing is null && member.Required && !shape.IsSet(member))
                {
                    Missing = path + member.Name;
                }
            }
            if (Missing is null)
            {
                var outer = _path;
                var collection = _inCollection;
                (_path, _inCollection) = (path, false);
                shape.WriteMembers(this);
                (_path, _inCollection) = (outer, collection);
            }
        }

        public override void WriteStructure(Member member, Shape value) =>
            Visit(value, _inCollection ? _path : $"{_path}{member.Name}.");

        public override void WriteList<T>(Member member, IReadOnlyList<T> values, Action<ShapeWriter, Member, T> item)
        {
            if (IsScalar(member.Item!.Kind))
            {
                return;
            }
            var outer = _path;
            for (var i = 0; i < values.Count; i++)
            {
                _path = $"{Of(outer, member)}{i + 1}.";
                Inside(member.Item!, values[i], item);
            }
            _path = outer;
        }

        public override void WriteMap<T>(Member member, IReadOnlyDictionary<string, T> values, Action<ShapeWriter, Member, T> item)
        {
            if (IsScalar(member.Value!.Kind))
            {
                return;
            }
            var outer = _path;
            foreach (var (key, value) in values)
            {
                _path = $"{Of(outer, member)}{key}.";
                Inside(member.Value!, value, item);
            }
            _path = outer;
        }

        private string Of(string outer, Member member) => _inCollection ? outer : $"{outer}{member.Name}.";

        private void Inside<T>(Member member, T value, Action<ShapeWriter, Member, T> item)
        {
            var outer = _inCollection;
            _inCollection = true;
            item(this, member, value);
            _inCollection = outer;
        }

        private static bool IsScalar(ShapeKind kind) => kind is not (ShapeKind.Structure or ShapeKind.List or ShapeKind.Map);

        public override void WriteBoolean(Member member, bool value) { }
        public override void WriteInteger(Member member, int value) { }
        public override void WriteLong(Member member, long value) { }
        public override void WriteFloat(Member member, float value) { }
        public override void WriteDouble(Member member, double value) { }
        public override void WriteString(Member member, string value) { }
        public override void WriteBlob(Member member, ReadOnlyMemory<byte> value) { }
        public override void WriteTimestamp(Member member, DateTimeOffset value) { }
        public override void WriteDocument(Member member, JsonElement value) { }
    }
}
