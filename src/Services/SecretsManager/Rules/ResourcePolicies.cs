using Longspan.Api.SecretsManager;
using Longspan.Kernel.Access.Policies;

namespace Longspan.Services.SecretsManager.Rules;

internal static class ResourcePolicies
{
    private const int MaximumLength = 20_480;

    public static Policy? TryRead(string text, out string fault) => PolicyReader.TryRead(text, PolicyUse.Resource, out fault);

    public static string CheckLength(string? text) => text is { Length: > 0 and <= MaximumLength }
        ? text
        : throw SecretsManagerFaults.Constraint("resourcePolicy", null, $"Member must have length between 1 and {MaximumLength}, inclusive");

    /// <summary>The policy, or what is wrong with it.</summary>
    public static Policy Require(string? text) => TryRead(CheckLength(text), out var fault)
        ?? throw new MalformedPolicyDocumentException($"This resource policy contains a syntax error: {fault}");

    /// <summary>Whether a statement lets in everybody, with no condition that narrows it.</summary>
    public static bool IsPublic(Policy policy) => policy.Statements.Any(s =>
        s.IsAllow && !s.Conditions.Any(NarrowingConditions.Narrows)
        && (s.PrincipalsInverted || s.Principals is { Anyone: true } || s.Principals?.Of("AWS").Contains("*") == true));
}
