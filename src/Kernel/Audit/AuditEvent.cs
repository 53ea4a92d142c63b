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
            WriteIdentity(json, audited.Call);
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

    private static void WriteIdentity(Utf8JsonWriter json, CallContext call)
    {
        var caller = call.Caller;
        json.WriteStartObject("userIdentity");
        var parsed = Arn.TryParse(caller.Arn, out var arn);
        if (call.WebIdentityUser is { } login)
        {
            WriteLogin(json, login, caller.AccessKeyId);
        }
        else if (call.ActivationId is { } activation)
        {
            json.WriteString("type", "Unknown");
            json.WriteString("principalId", activation);
        }
        else if (caller.ServicePrincipal is { } service)
        {
            json.WriteString("type", "AWSService");
            json.WriteString("invokedBy", service);
        }
        else
        {
            json.WriteString("type", !parsed ? "Unknown" : arn!.Resource switch
            {
                "root" => "Root",
                var resource when resource.StartsWith("assumed-role/", StringComparison.Ordinal) => "AssumedRole",
                var resource when resource.StartsWith("federated-user/", StringComparison.Ordinal) => "FederatedUser",
                _ => "IAMUser",
            });
            WritePrincipal(json, caller);
            if (parsed && arn!.Resource.StartsWith("user/", StringComparison.Ordinal))
            {
                json.WriteString("userName", arn.Name);
            }
            if (caller.Session is { } session)
            {
                WriteSession(json, caller, session);
            }
        }
        json.WriteEndObject();
    }

    // The subject may be as long as a token. Such calls need no signature, and one that has one all the same names its key.
    private static void WriteLogin(Utf8JsonWriter json, WebIdentityUser login, string accessKeyId)
    {
        json.WriteString("type", "WebIdentityUser");
        json.WriteString("principalId", AuditShapeWriter.Cut($"{login.ProviderArn}:{login.Audience}:{login.Subject}"));
        json.WriteString("userName", AuditShapeWriter.Cut(login.Subject));
        json.WriteString("identityProvider", login.ProviderArn);
        if (accessKeyId.Length > 0)
        {
            json.WriteString("accessKeyId", accessKeyId);
        }
    }

    private static void WriteSession(Utf8JsonWriter json, Caller caller, CallerSession session)
    {
        json.WriteStartObject("sessionContext");
        if (session.RoleArn is { } role)
        {
            json.WriteStartObject("sessionIssuer");
            json.WriteString("type", "Role");
            json.WriteString("principalId", caller.UserId.Split(':')[0]);
            json.WriteString("arn", role);
            json.WriteString("accountId", caller.AccountId);
            json.WriteString("userName", role[(role.LastIndexOf('/') + 1)..]);
            json.WriteEndObject();
        }
        else if (session.FederatingUser is { } user)
        {
            json.WriteStartObject("sessionIssuer");
            json.WriteString("type", "IAMUser");
            json.WriteString("accountId", caller.AccountId);
            json.WriteString("userName", user);
            json.WriteEndObject();
        }
        if (session.FederatedProvider is { } provider)
        {
            json.WriteStartObject("webIdFederationData");
            json.WriteString("federatedProvider", provider);
            json.WriteEndObject();
        }
        json.WriteStartObject("attributes");
        json.WriteString("creationDate", Time(session.IssuedAt));
        // A text, as on AWS. There are no second factors here.
        json.WriteString("mfaAuthenticated", "false");
        json.WriteEndObject();
        if (session.SourceIdentity is { } source)
        {
            json.WriteString("sourceIdentity", source);
        }
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
        new AuditShapeWriter(json).Write("requestParameters", audited.Request);
        var shown = AuditRules.ShownOfAnswer(audited.Operation);
        if (audited.Response is { } response && shown is null or { Count: > 0 })
        {
            new AuditShapeWriter(json, shown).Write("responseElements", response);
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
