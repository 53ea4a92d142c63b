using System.Text.Json;
using Longspan.Api.Shapes;

namespace Longspan.Kernel.Access.Policies;

/// <summary>
/// Reads policy text as IAM does, strictly: an unknown element, a missing one or a doubled one refuses the whole policy. The messages
/// are those of IAM's <c>MalformedPolicyDocument</c>.
/// </summary>
public static class PolicyReader
{
    /// <summary>More text than this is not looked at; the quotas per use are far below.</summary>
    public const int MaximumLength = 131_072;

    private const string FirstVersion = "2008-10-17";
    private const int MaximumDepth = 32;
    private static readonly string[] s_principalTypes = ["AWS", "Service", "Federated", "CanonicalUser"];

    private static readonly JsonDocumentOptions s_strict = new() { MaxDepth = MaximumDepth, AllowDuplicateProperties = false };

    /// <summary>Null with IAM's message in <paramref name="fault"/> when the text is not a policy for this use.</summary>
    public static Policy? TryRead(string text, PolicyUse use, out string fault)
    {
        fault = "";
        if (text.Length > MaximumLength)
        {
            fault = "The policy is too long.";
            return null;
        }
        try
        {
            using var json = UntrustedJson.Parse(text, s_strict);
            return ReadPolicy(json.RootElement, use) with { Text = text };
        }
        catch (JsonException)
        {
            fault = "This policy contains invalid Json";
        }
        catch (PolicyFault found)
        {
            fault = found.Message;
        }
        return null;
    }

    // A fault ends the reading of this text and nothing else; it never leaves this class.
    private sealed class PolicyFault(string message) : Exception(message);

    private static Policy ReadPolicy(JsonElement root, PolicyUse use)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new PolicyFault("Syntax errors in policy.");
        }
        string version = FirstVersion;
        string? id = null;
        List<PolicyStatement>? statements = null;
        foreach (var element in root.EnumerateObject())
        {
            switch (element.Name)
            {
                case "Version":
                    version = Text(element.Value);
                    break;
                case "Id":
                    id = Text(element.Value);
                    break;
                case "Statement":
                    statements = [.. Items(element.Value).Select(s => ReadStatement(s, use))];
                    break;
                default:
                    throw new PolicyFault("Syntax errors in policy.");
            }
        }
        if (version is not (Policy.CurrentVersion or FirstVersion))
        {
            throw new PolicyFault("The policy must contain a valid version string");
        }
        if (statements is not { Count: > 0 })
        {
            throw new PolicyFault("Missing required field Statement");
        }
        return new Policy(version, id, statements);
    }

    private static PolicyStatement ReadStatement(JsonElement json, PolicyUse use)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new PolicyFault("Syntax errors in policy.");
        }
        RefuseBoth(json, "Action", "NotAction");
        RefuseBoth(json, "Resource", "NotResource");
        RefuseBoth(json, "Principal", "NotPrincipal");
        string? sid = null;
        string? effect = null;
        PolicyPrincipals? principals = null;
        List<string>? actions = null;
        List<string>? resources = null;
        IReadOnlyList<PolicyCondition> conditions = [];
        foreach (var element in json.EnumerateObject())
        {
            switch (element.Name)
            {
                case "Sid":
                    sid = Text(element.Value);
                    break;
                case "Effect":
                    effect = Text(element.Value);
                    break;
                case "Principal" or "NotPrincipal":
                    principals = use == PolicyUse.Identity
                        ? throw new PolicyFault("Policy document should not specify a principal.")
                        : ReadPrincipals(element.Value);
                    break;
                case "Action" or "NotAction":
                    actions = ReadActions(element.Value);
                    break;
                case "Resource" or "NotResource":
                    resources = use == PolicyUse.Trust
                        ? throw new PolicyFault("Has prohibited field Resource")
                        : ReadResources(element.Value);
                    break;
                case "Condition":
                    conditions = ReadConditions(element.Value);
                    break;
                default:
                    throw new PolicyFault("Syntax errors in policy.");
            }
        }
        RequireElements(use, effect, principals, actions, resources);
        return new PolicyStatement
        {
            Sid = sid,
            IsAllow = effect == "Allow",
            Principals = principals,
            PrincipalsInverted = json.TryGetProperty("NotPrincipal", out _),
            Actions = actions!,
            ActionsInverted = json.TryGetProperty("NotAction", out _),
            // A resource's own policy need not name it.
            Resources = resources ?? (use == PolicyUse.Resource ? ["*"] : []),
            ResourcesInverted = json.TryGetProperty("NotResource", out _),
            Conditions = conditions,
        };
    }

    private static void RefuseBoth(JsonElement json, string one, string other)
    {
        if (json.TryGetProperty(one, out _) && json.TryGetProperty(other, out _))
        {
            throw new PolicyFault("Syntax errors in policy.");
        }
    }

    private static void RequireElements(
        PolicyUse use, string? effect, PolicyPrincipals? principals, List<string>? actions, List<string>? resources)
    {
        if (effect is not ("Allow" or "Deny"))
        {
            throw new PolicyFault(effect is null ? "Missing required field Effect" : $"Invalid effect: {effect}");
        }
        if (actions is not { Count: > 0 })
        {
            throw new PolicyFault(use == PolicyUse.Trust ? "Missing required field Action" : "Policy statement must contain actions.");
        }
        if (use != PolicyUse.Identity && principals is null)
        {
            throw new PolicyFault("Missing required field Principal");
        }
        if (use == PolicyUse.Identity && resources is not { Count: > 0 })
        {
            throw new PolicyFault("Policy statement must contain resources.");
        }
        if (use == PolicyUse.Trust && actions.Any(a => a != "*" && !a.StartsWith("sts:", StringComparison.OrdinalIgnoreCase)))
        {
            throw new PolicyFault("AssumeRole policy may only specify STS AssumeRole actions.");
        }
    }

    private static PolicyPrincipals ReadPrincipals(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.String)
        {
            return json.GetString() == "*"
                ? new PolicyPrincipals(true, new Dictionary<string, IReadOnlyList<string>>())
                : throw new PolicyFault($"Invalid principal in policy: {Quoted(json.GetString())}");
        }
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new PolicyFault("Syntax errors in policy.");
        }
        var byType = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var type in json.EnumerateObject())
        {
            if (!s_principalTypes.Contains(type.Name))
            {
                throw new PolicyFault($"Invalid principal in policy: {Quoted(type.Name)}");
            }
            byType[type.Name] = [.. Items(type.Value).Select(v => ReadPrincipal(type.Name, Text(v)))];
        }
        return byType.Values.Any(v => v.Count > 0)
            ? new PolicyPrincipals(false, byType)
            : throw new PolicyFault("Missing required field Principal cannot be empty!");
    }

    private static string ReadPrincipal(string type, string value)
    {
        var isValid = type switch
        {
            "AWS" => value == "*" || IsAccount(value) || Arn.TryParse(value, out _) || IsUniqueId(value),
            "Service" => value.Contains('.', StringComparison.Ordinal) && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-'),
            _ => value.Length > 0,
        };
        return isValid ? value : throw new PolicyFault($"Invalid principal in policy: {Quoted(type)}:{Quoted(value)}");
    }

    internal static bool IsAccount(string value) => value.Length == 12 && value.All(char.IsAsciiDigit);

    private static bool IsUniqueId(string value) =>
        value.Length is >= 16 and <= 128 && value[0] == 'A' && value.All(char.IsAsciiLetterOrDigit);

    private static List<string> ReadActions(JsonElement json)
    {
        List<string> actions = [.. Items(json).Select(Text)];
        foreach (var action in actions)
        {
            var colon = action.IndexOf(':', StringComparison.Ordinal);
            if (action != "*" && (colon <= 0 || colon == action.Length - 1))
            {
                throw new PolicyFault("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
            }
        }
        return actions;
    }

    private static List<string> ReadResources(JsonElement json)
    {
        List<string> resources = [.. Items(json).Select(Text)];
        foreach (var resource in resources)
        {
            if (resource != "*" && !resource.StartsWith("arn:", StringComparison.Ordinal))
            {
                throw new PolicyFault($"Resource {resource} must be in ARN format or \"*\".");
            }
        }
        return resources;
    }

    private static List<PolicyCondition> ReadConditions(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new PolicyFault("Syntax errors in policy.");
        }
        List<PolicyCondition> conditions = [];
        foreach (var op in json.EnumerateObject())
        {
            if (!ConditionRules.IsOperator(op.Name))
            {
                throw new PolicyFault($"Invalid Condition type : {op.Name}.");
            }
            if (op.Value.ValueKind != JsonValueKind.Object)
            {
                throw new PolicyFault("Syntax errors in policy.");
            }
            foreach (var key in op.Value.EnumerateObject())
            {
                conditions.Add(new PolicyCondition(op.Name, key.Name, [.. Items(key.Value).Select(Scalar)]));
            }
        }
        return conditions;
    }

    // A single value stands for a list of one throughout the policy language.
    private static List<JsonElement> Items(JsonElement json) =>
        json.ValueKind == JsonValueKind.Array ? [.. json.EnumerateArray()] : [json];

    private static string Text(JsonElement json) =>
        json.ValueKind == JsonValueKind.String ? json.GetString()! : throw new PolicyFault("Syntax errors in policy.");

    private static string Scalar(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => json.GetString()!,
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Number => json.GetRawText(),
        _ => throw new PolicyFault("Syntax errors in policy."),
    };

    private static string Quoted(string? text) => $"\"{text}\"";
}
