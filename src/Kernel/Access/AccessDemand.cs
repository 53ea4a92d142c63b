using Longspan.Kernel.Access.Policies;

namespace Longspan.Kernel.Access;

/// <summary>
/// One question that a call puts to the policies: may the caller do this action on this resource? A call may ask several, and
/// runs when all are allowed. What a question needs beside the caller is here, so that the answer is a calculation.
/// </summary>
/// <param name="Action"><c>sqs:SendMessage</c>. Mostly the operation's own name; AWS's authorization reference names the exceptions.</param>
/// <param name="Resource">An ARN, or <c>*</c> for actions that know no resource.</param>
public sealed record AccessDemand(string Action, string Resource)
{
    private static readonly Dictionary<string, IReadOnlyList<string>> s_none = [];

    /// <summary>The service's own condition keys, such as <c>ecs:cluster</c>, with the values that this request gives them.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Keys { get; init; } = s_none;
    /// <summary>Tags that the request sets: <c>aws:RequestTag/…</c> and <c>aws:TagKeys</c>.</summary>
    public IReadOnlyDictionary<string, string>? RequestTags { get; init; }
    /// <summary>Tags of the resource: <c>aws:ResourceTag/…</c>.</summary>
    public IReadOnlyDictionary<string, string>? ResourceTags { get; init; }
    /// <summary>The policy of the resource itself: a queue's, a secret's, a key's, a repository's.</summary>
    public Policy? ResourcePolicy { get; init; }
    /// <summary>
    /// Whether the resource's policy must agree as well: a role's trust policy, a key's policy. It may agree by naming the account, which leaves
    /// the choice to identity policies. Of other resources, an identity policy's word is enough.
    /// </summary>
    public bool IsResourcePolicyRequired { get; init; }
}

/// <summary>What one operation asks of the policies, given its request. Declared with the operation, in its module.</summary>
public delegate ValueTask<IReadOnlyList<AccessDemand>> AccessRule(CallContext call, Api.Shapes.Shape request, CancellationToken stop);
