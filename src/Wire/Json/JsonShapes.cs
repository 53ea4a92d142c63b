using Longspan.Api.Shapes;

namespace Longspan.Wire.Json;

/// <summary>Shapes as JSON documents outside a request: what the AWS CLI reads with <c>--cli-input-json</c>.</summary>
public static class JsonShapes
{
    /// <exception cref="MalformedRequestException">A value has the wrong type. Broken JSON throws its own exception.</exception>
    public static T Read<T>(ReadOnlyMemory<byte> json)
        where T : Shape, new()
    {
        var shape = new T();
        JsonShapeReader.ReadWhole(json, shape);
        return shape;
    }
}
