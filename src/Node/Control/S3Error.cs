using System.Text;
using System.Xml;
using System.Xml.Linq;
using Longspan.Api.Shapes;

namespace Longspan.Node.Control;

/// <summary>An error answer of S3, which says in XML what it means.</summary>
internal static class S3Error
{
    public static AwsError Read(int status, byte[] body)
    {
        var (code, message) = ("", "");
        try
        {
            // The reader takes no document types, so nothing is fetched or expanded.
            var error = XDocument.Parse(Encoding.UTF8.GetString(body)).Root;
            (code, message) = (error?.Element("Code")?.Value ?? "", error?.Element("Message")?.Value ?? "");
        }
        catch (XmlException)
        {
        }
        return new AwsError(code.Length > 0 ? code : $"Status {status}", message, status);
    }
}
