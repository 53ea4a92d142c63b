using Longspan.Api.Iam;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Kernel.Access.Policies;
using Policy = Longspan.Kernel.Access.Policies.Policy;

namespace Longspan.Services.Iam.Rules;

/// <summary>What both simulations have in common once it is known whose policies are tried.</summary>
internal sealed record Simulation
{
    /// <summary>Actions times resources of one request.</summary>
    public const int MaximumQuestions = 2000;

    public required Principal Principal { get; init; }
    public required List<string> ActionNames { get; init; }
    public List<string>? ResourceArns { get; init; }
    public string? ResourcePolicy { get; init; }
    public List<ContextEntry>? ContextEntries { get; init; }
    public required DateTimeOffset Now { get; init; }

    /// <summary>Policies of a request. They are named after their place in it, as IAM names them.</summary>
    public static IEnumerable<NamedPolicy> Input(List<string>? texts, string list) =>
        texts?.Select((text, i) => new NamedPolicy($"{list}.{i + 1}", PolicySource.None, Read(text, PolicyUse.Identity, list, i))) ?? [];

    /// <summary>One result for each action: the strictest of its resources, and beside it what each of them gets.</summary>
    public List<EvaluationResult> Run()
    {
        if (ActionNames.Count * Math.Max(1, ResourceArns?.Count ?? 0) > MaximumQuestions)
        {
            throw IamFaults.Validation($"A simulation has at most {MaximumQuestions} pairs of action and resource.");
        }
        if (ActionNames.FirstOrDefault(a => !a.Contains(':', StringComparison.Ordinal) && a != "*") is { } wrong)
        {
            throw new InvalidInputException($"Invalid Action: {wrong}");
        }
        var resource = ResourcePolicy is null ? null : Read(ResourcePolicy, PolicyUse.Resource, "ResourcePolicy", null);
        var told = Told();
        return [.. ActionNames.Select(action => Result(action, resource, told))];
    }

    private EvaluationResult Result(string action, Policy? resourcePolicy, Dictionary<string, IReadOnlyList<string>> told)
    {
        var isSpecific = ResourceArns is { Count: > 0 };
        var outcomes = (isSpecific ? ResourceArns! : ["*"]).Select(resource => (Resource: resource, Outcome: PolicySimulation.Decide(
            new AccessContext(Principal, new AccessDemand(action, resource) { ResourcePolicy = resourcePolicy }) { Told = told, Now = Now }))).ToList();
        var strictest = outcomes.MinBy(o => o.Outcome.Decision.Outcome switch { AccessOutcome.ExplicitDeny => 0, AccessOutcome.ImplicitDeny => 1, _ => 2 });
        return new EvaluationResult
        {
            EvalActionName = action,
            EvalResourceName = isSpecific && outcomes.Count > 1 ? "*" : strictest.Resource,
            EvalDecision = Spelled(strictest.Outcome.Decision),
            MatchedStatements = Statements(strictest.Outcome),
            // With resources, what is missing is told of each of them.
            MissingContextValues = isSpecific ? [] : [.. strictest.Outcome.MissingKeys],
            PermissionsBoundaryDecisionDetail = Detail(strictest.Outcome),
            ResourceSpecificResults = !isSpecific ? null : [.. outcomes.Select(o => new ResourceSpecificResult
            {
                EvalResourceName = o.Resource,
                EvalResourceDecision = Spelled(o.Outcome.Decision),
                MatchedStatements = Statements(o.Outcome),
                MissingContextValues = [.. o.Outcome.MissingKeys],
                PermissionsBoundaryDecisionDetail = Detail(o.Outcome),
            })],
        };
    }

    private Dictionary<string, IReadOnlyList<string>> Told()
    {
        var told = new Dictionary<string, IReadOnlyList<string>>(StringComparer.OrdinalIgnoreCase);
        foreach (var entry in ContextEntries ?? [])
        {
            if (entry.ContextKeyName is { Length: > 0 } name && entry.ContextKeyValues is { Count: > 0 } values)
            {
                told[name] = values;
            }
        }
        return told;
    }

    private static string Spelled(AccessDecision decision) => decision.Outcome switch
    {
        AccessOutcome.Allowed => "allowed",
        AccessOutcome.ExplicitDeny => "explicitDeny",
        _ => "implicitDeny",
    };

    private static PermissionsBoundaryDecisionDetail? Detail(SimulatedDecision outcome) =>
        outcome.AllowedByBoundary is { } allowed ? new PermissionsBoundaryDecisionDetail { AllowedByPermissionsBoundary = allowed } : null;

    private static List<Statement> Statements(SimulatedDecision outcome) => [.. outcome.Matched.Select(matched =>
    {
        var (start, end) = StatementPositions.Find(matched.Policy.Policy.Text, matched.Index);
        return new Statement
        {
            SourcePolicyId = matched.Policy.Id[(matched.Policy.Id.LastIndexOf('/') + 1)..],
            SourcePolicyType = matched.Policy.Source switch
            {
                PolicySource.User => "user",
                PolicySource.Group => "group",
                PolicySource.Role => "role",
                PolicySource.AwsManaged => "aws-managed",
                PolicySource.UserManaged => "user-managed",
                PolicySource.Resource => "resource",
                _ => "none",
            },
            StartPosition = start,
            EndPosition = end,
        };
    })];

    private static Policy Read(string text, PolicyUse use, string list, int? index) =>
        PolicyReader.TryRead(text, use, out var fault)
        ?? throw new InvalidInputException($"Invalid Content : {list}{(index is { } i ? $".{i + 1}" : "")} : {fault}");
}
