using System.Buffers;
using System.Text.Json.Nodes;
using Longspan.Api.Sqs;
using Longspan.Kernel.Access.Policies;

namespace Longspan.Services.Sqs.Rules;

/// <summary>The short way to write a queue policy: a label, accounts, actions. The result is an ordinary policy document.</summary>
internal static class QueuePolicy
{
    private const int MostActions = 7;
    private const int LongestLabel = 80;

    private static readonly SearchValues<char> LegalLabel =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>The attributes as they are stored: users and roles in the policy by their unique ids.</summary>
    public static async ValueTask<IReadOnlyDictionary<string, string>> BoundAsync(
        SqsContext cx, IReadOnlyDictionary<string, string> attributes, CancellationToken stop)
    {
        if (!attributes.TryGetValue(QueueAttributes.Policy, out var policy))
        {
            return attributes;
        }
        var (bound, unknown) = await cx.Call.Cloud.Principals.BindAsync(policy, PolicyUse.Resource, stop);
        return unknown is null
            ? new Dictionary<string, string>(attributes, StringComparer.Ordinal) { [QueueAttributes.Policy] = bound }
            : throw SqsFaults.InvalidAttribute(QueueAttributes.Policy);
    }

    public static JsonObject Statement(QueueSnapshot queue, string? label, IReadOnlyList<string>? accounts, IReadOnlyList<string>? actions)
    {
        if (string.IsNullOrEmpty(label))
        {
            throw SqsFaults.MissingParameter("Label");
        }
        if (label.Length > LongestLabel || label.AsSpan().ContainsAnyExcept(LegalLabel))
        {
            throw SqsFaults.InvalidParameter(
                "Label", label, $"Can only include alphanumeric characters, hyphens, or underscores. 1 to {LongestLabel} in length");
        }
        if (accounts is null || accounts.Count == 0)
        {
            throw SqsFaults.MissingParameter("AWSAccountIds");
        }
        if (actions is null || actions.Count == 0)
        {
            throw SqsFaults.MissingParameter("Actions");
        }
        if (actions.Count > MostActions)
        {
            throw new OverLimit($"{actions.Count} Actions were found, maximum allowed is {MostActions}.");
        }
        if (actions.FirstOrDefault(a => a != "*" && !SqsOperations.Service.AllOperations.Contains(a)) is { } unknown)
        {
            throw SqsFaults.InvalidParameter(
                "ActionName", $"SQS:{unknown}", "Please refer to the appropriate WSDL for a list of valid actions.");
        }
        if (accounts.FirstOrDefault(a => a.Length != 12 || a.AsSpan().ContainsAnyExceptInRange('0', '9')) is { } odd)
        {
            throw SqsFaults.InvalidParameter($"Value [{odd}] for parameter PrincipalId is invalid. Reason: Unable to verify.");
        }
        return new JsonObject
        {
            ["Sid"] = label,
            ["Effect"] = "Allow",
            ["Principal"] = new JsonObject { ["AWS"] = OneOrMany(accounts.Select(a => $"arn:aws:iam::{a}:root")) },
            ["Action"] = OneOrMany(actions.Select(a => a == "*" ? "SQS:*" : $"SQS:{a}")),
            ["Resource"] = queue.ArnText,
        };
    }

    public static string Add(string? policy, QueueSnapshot queue, string label, JsonObject statement)
    {
        var document = policy is null
            ? new JsonObject { ["Version"] = "2008-10-17", ["Id"] = $"{queue.ArnText}/SQSDefaultPolicy", ["Statement"] = new JsonArray() }
            : PolicyJson.Object(QueueAttributes.Policy, policy);
        var statements = Statements(document);
        if (statements.Any(s => Label(s) == label))
        {
            throw SqsFaults.InvalidParameter("Label", label, "Already exists.");
        }
        statements.Add(statement.DeepClone());
        return document.ToJsonString();
    }

    /// <summary>The policy without the label's statement; empty text when none is left.</summary>
    public static string Remove(string? policy, string? label)
    {
        if (string.IsNullOrEmpty(label))
        {
            throw SqsFaults.MissingParameter("Label");
        }
        var document = policy is null ? [] : PolicyJson.Object(QueueAttributes.Policy, policy);
        var statements = Statements(document);
        if (statements.FirstOrDefault(s => Label(s) == label) is not { } found)
        {
            throw SqsFaults.InvalidParameter("Label", label, policy is null ? "can't find label." : "can't find label on existing policy.");
        }
        statements.Remove(found);
        return statements.Count == 0 ? "" : document.ToJsonString();
    }

    private static JsonArray Statements(JsonObject document)
    {
        if (document["Statement"] is JsonArray array)
        {
            return array;
        }
        // A single statement may stand without its list.
        var single = document["Statement"];
        document.Remove("Statement");
        var list = single is null ? new JsonArray() : new JsonArray(single);
        document["Statement"] = list;
        return list;
    }

    private static string? Label(JsonNode? statement) => (statement as JsonObject)?["Sid"]?.ToString();

    private static JsonNode OneOrMany(IEnumerable<string> values)
    {
        var all = values.ToList();
        return all.Count == 1 ? JsonValue.Create(all[0]) : new JsonArray([.. all.Select(v => (JsonNode)JsonValue.Create(v))]);
    }
}
