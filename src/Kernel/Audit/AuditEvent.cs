using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Longspan.Api.Shapes;

namespace Longspan.Kernel.Audit;

/// <summary>One call as CloudTrail writes it down (record version 1.11): who, what, when, from where, and how it ended.</summary>
internal static class AuditEvent
{
    private const int MaximumMessage = 1024;
    private const int MaximumResources = 50;
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    public static string SourceOf(ServiceSchema service) => service.IamPrefix switch
    {
        "cloudwatch" => "monitoring.amazonaws.com",
        var prefix => $"{prefix}.amazonaws.com",
    };

    public static string Write(AuditedCall audited)
    {
        var buffer = new ArrayBufferWriter<byte>(2048);
        using (var json = new Utf8JsonWriter(buffer, s_options))
        {
            json.WriteStartObject();
            json.WriteString("eventVersion", "1.11");
            WriteIdentity(json, audited.Call.Caller);
            WriteCall(json, audited);
            WriteContent(json, audited);
            WriteOffline(json, audited.Call.Caller);
            WriteResources(json, audited);
            json.WriteString("requestID", audited.Call.RequestId);
            json.WriteString("eventID", Ids.Uuid());
            json.WriteBoolean("readOnly", AuditRules.IsReadOnly(audited.Operation));
            json.WriteString("eventType", "AwsApiCall");
            json.WriteBoolean("managementEvent", AuditRules.IsKept(audited.Operation));
            json.WriteString("recipientAccountId", audited.Call.AccountId);
            json.WriteString("eventCategory", AuditRules.IsKept(audited.Operation) ? "Management" : "Data");
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void WriteIdentity(Utf8JsonWriter json, Caller caller)
    {
        json.WriteStartObject("userIdentity");
        var parsed = Arn.TryParse(caller.Arn, out var arn);
        if (caller.ServicePrincipal is { } service)
        {
            json.WriteString("type", "AWSService");
            json.WriteString("invokedBy", service);
        }
        else if (parsed && arn!.Resource.StartsWith("assumed-role/", StringComparison.Ordinal))
        {
            WriteSession(json, caller, arn.Resource.Split('/')[1]);
        }
        else
        {
            json.WriteString("type", !parsed ? "Unknown" : arn!.Resource switch
            {
                "root" => "Root",
                var resource when resource.StartsWith("federated-user/", StringComparison.Ordinal) => "FederatedUser",
                _ => "IAMUser",
            });
            WritePrincipal(json, caller);
            if (parsed && arn!.Resource.StartsWith("user/", StringComparison.Ordinal))
            {
                json.WriteString("userName", arn.Name);
            }
        }
        json.WriteEndObject();
    }

    private static void WriteSession(Utf8JsonWriter json, Caller caller, string roleName)
    {
        json.WriteString("type", "AssumedRole");
        WritePrincipal(json, caller);
        json.WriteStartObject("sessionContext");
        json.WriteStartObject("sessionIssuer");
        json.WriteString("type", "Role");
        json.WriteString("principalId", caller.UserId.Split(':')[0]);
        json.WriteString("accountId", caller.AccountId);
        json.WriteString("userName", roleName);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WritePrincipal(Utf8JsonWriter json, Caller caller)
    {
        json.WriteString("principalId", caller.UserId);
        json.WriteString("arn", caller.Arn);
        json.WriteString("accountId", caller.AccountId);
        json.WriteString("accessKeyId", caller.AccessKeyId);
    }

    private static void WriteCall(Utf8JsonWriter json, AuditedCall audited)
    {
        var call = audited.Call;
        json.WriteString("eventTime", Time(call.Now));
        json.WriteString("eventSource", SourceOf(audited.Operation.Service));
        json.WriteString("eventName", audited.Operation.Name);
        json.WriteString("awsRegion", call.Region);
        json.WriteString("sourceIPAddress", call.SourceAddress is { } from ? (from.IsIPv4MappedToIPv6 ? from.MapToIPv4() : from).ToString() : "AWS Internal");
        json.WriteString("userAgent", call.UserAgent ?? "AWS Internal");
        if (audited.Error is { } error)
        {
            json.WriteString("errorCode", error.Code);
            json.WriteString("errorMessage", error.Message.Length <= MaximumMessage ? error.Message : error.Message[..MaximumMessage]);
        }
    }

    private static void WriteContent(Utf8JsonWriter json, AuditedCall audited)
    {
        if (!AuditRules.IsShown(audited))
        {
            json.WriteNull("requestParameters");
            json.WriteNull("responseElements");
            return;
        }
        var shapes = new AuditShapeWriter(json);
        shapes.Write("requestParameters", audited.Request);
        // As on AWS, what a reading call returned is nobody's business here.
        if (audited.Response is { } response && !AuditRules.IsReadOnly(audited.Operation))
        {
            shapes.Write("responseElements", response);
        }
        else
        {
            json.WriteNull("responseElements");
        }
    }

    // AWS leaves this member to each service.
    private static void WriteOffline(Utf8JsonWriter json, Caller caller)
    {
        if (caller.Offline is { } bound)
        {
            json.WriteStartObject("additionalEventData");
            json.WriteStartObject("offlineCredentials");
            json.WriteString("taskArn", bound.TaskArn);
            json.WriteString("containerInstance", bound.InstanceId);
            json.WriteString("usableFrom", Time(bound.UsableFrom));
            json.WriteEndObject();
            json.WriteEndObject();
        }
    }

    private static void WriteResources(Utf8JsonWriter json, AuditedCall audited)
    {
        json.WriteStartArray("resources");
        foreach (var resource in audited.Resources.Where(resource => resource != "*").Distinct().Take(MaximumResources))
        {
            json.WriteStartObject();
            json.WriteString("accountId", audited.Call.AccountId);
            json.WriteString("ARN", resource);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
