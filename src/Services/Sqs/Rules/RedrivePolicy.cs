using System.Text.Json;
using System.Text.Json.Nodes;
using Longspan.Api.Shapes;
using Longspan.Kernel;

namespace Longspan.Services.Sqs.Rules;

/// <summary>Where messages go that were received too often.</summary>
internal sealed record RedrivePolicy(Arn DeadLetterTarget, int MaximumReceives)
{
    private const int Most = 1000;

    /// <summary>Reads the attribute's JSON; null when it is absent or empty.</summary>
    public static RedrivePolicy? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }
        var json = PolicyJson.Object("RedrivePolicy", text);
        var target = json["deadLetterTargetArn"] ?? throw Missing(text, "deadLetterTargetArn");
        var receives = json["maxReceiveCount"] ?? throw Missing(text, "maxReceiveCount");
        if (!Arn.TryParse(PolicyJson.Text(target), out var arn) || arn.Service != "sqs")
        {
            throw SqsFaults.InvalidParameter("RedrivePolicy", text, $"Invalid value for deadLetterTargetArn.");
        }
        if (!int.TryParse(PolicyJson.Text(receives), out var count) || count is < 1 or > Most)
        {
            throw SqsFaults.InvalidParameter("RedrivePolicy", text,
                $"Invalid value for maxReceiveCount: {PolicyJson.Text(receives)}, valid values are from 1 to {Most} both inclusive.");
        }
        return new RedrivePolicy(arn, count);
    }

    /// <summary>The one spelling in which the attribute is kept and shown: counts are numbers, whatever the caller wrote.</summary>
    public override string ToString() =>
        new JsonObject { ["deadLetterTargetArn"] = DeadLetterTarget.ToString(), ["maxReceiveCount"] = MaximumReceives }.ToJsonString();

    private static AwsError Missing(string text, string member) =>
        SqsFaults.InvalidParameter("RedrivePolicy", text, $"Redrive policy does not contain mandatory attribute: {member}.");
}

/// <summary>Which queues may name this one as their dead-letter queue.</summary>
internal sealed record RedriveAllowPolicy(string Permission, IReadOnlyList<string> Sources)
{
    private const int MaximumSources = 10;

    public static RedriveAllowPolicy? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }
        var json = PolicyJson.Object("RedriveAllowPolicy", text);
        var permission = json["redrivePermission"] is { } node ? PolicyJson.Text(node) : "";
        var sources = json["sourceQueueArns"] is JsonArray array ? array.Select(n => n is null ? "" : PolicyJson.Text(n)).ToList() : [];
        var valid = permission switch
        {
            "allowAll" or "denyAll" => sources.Count == 0,
            "byQueue" => sources.Count is > 0 and <= MaximumSources && sources.TrueForAll(s => Arn.TryParse(s, out var arn) && arn.Service == "sqs"),
            _ => false,
        };
        return valid
            ? new RedriveAllowPolicy(permission, sources)
            : throw SqsFaults.InvalidParameter("RedriveAllowPolicy", text, "Amazon SQS can't create the redrive allow policy.");
    }

    public override string ToString()
    {
        var json = new JsonObject { ["redrivePermission"] = Permission };
        if (Sources.Count > 0)
        {
            json["sourceQueueArns"] = new JsonArray([.. Sources.Select(s => (JsonNode)JsonValue.Create(s))]);
        }
        return json.ToJsonString();
    }

    public bool Allows(string sourceArn) => Permission switch
    {
        "denyAll" => false,
        "byQueue" => Sources.Contains(sourceArn),
        _ => true,
    };
}

/// <summary>Reading the small JSON texts that are attribute values.</summary>
internal static class PolicyJson
{
    public static JsonObject Object(string attribute, string text) =>
        TryObject(text) ?? throw SqsFaults.InvalidParameter(attribute, text, $"{attribute} is not a valid JSON map.");

    /// <summary>Null for what is no JSON object; one with a name given twice is none.</summary>
    public static JsonObject? TryObject(string text)
    {
        try
        {
            return UntrustedJson.ParseObject(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Strings as they are, numbers as they are written: AWS takes both for a count.</summary>
    public static string Text(JsonNode node) => node.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : node.ToJsonString();
}
