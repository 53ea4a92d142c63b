using Longspan.Api.Shapes;
using Longspan.Wire.Protocols;

namespace Longspan.Wire.Xml;

/// <summary>The error document of the XML protocols: wrapped in an ErrorResponse by all but S3.</summary>
internal static class XmlErrors
{
    /// <param name="detailed">SQS and its generation end an error with an element that has been empty ever since.</param>
    public static void Write(
        PooledBuffer buffer, string? xmlNamespace, string code, string message, string fault, AwsError error, string requestId, bool detailed)
    {
        var writer = new XmlShapeWriter(buffer);
        writer.Start("ErrorResponse", xmlNamespace);
        writer.Start("Error");
        writer.WriteText("Type", fault);
        WriteCore(writer, code, message, error);
        if (detailed)
        {
            writer.WriteText("Detail", "");
        }
        writer.End("Error");
        writer.WriteText("RequestId", requestId);
        writer.End("ErrorResponse");
    }

    public static void WriteBare(PooledBuffer buffer, AwsError error, string requestId)
    {
        var writer = new XmlShapeWriter(buffer);
        writer.Start("Error");
        WriteCore(writer, error.Code, error.Message, error);
        writer.WriteText("RequestId", requestId);
        writer.End("Error");
    }

    private static void WriteCore(XmlShapeWriter writer, string code, string message, AwsError error)
    {
        writer.WriteText("Code", code);
        writer.WriteText("Message", message);
        if (error.Detail is { } detail)
        {
            writer.WriteMembersOf(detail);
        }
    }

    public static AwsError Read(IncomingError error)
    {
        try
        {
            var root = XmlNode.Parse(error.Body);
            var node = root.Name == "Error" ? root : root.Child("Error") ?? root.Child("Errors")?.Child("Error");
            if (node?.Child("Code") is { } code)
            {
                return new AwsError(code.Text, node.Child("Message")?.Text ?? "", error.Status);
            }
        }
        catch (Exception e) when (ProtocolCodec.IsMalformed(e))
        {
            // Not from an AWS service: a proxy's page. Status and the fixed code below are all there is to tell.
        }
        return new AwsError("UnknownError", $"HTTP status {error.Status}", error.Status);
    }
}
