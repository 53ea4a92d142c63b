using Longspan.Api.SecretsManager;
using Longspan.Kernel.Access.Policies;
using Longspan.Services.SecretsManager.Rules;

namespace Longspan.Services.SecretsManager.Operations;

internal static class ValidateResourcePolicy
{
    public static async ValueTask<ValidateResourcePolicyResponse> HandleAsync(
        SecretsManagerContext cx, ValidateResourcePolicyRequest request, CancellationToken stop)
    {
        if (request.SecretId is not null)
        {
            await cx.RequireAsync(request.SecretId, stop);
        }
        List<ValidationErrorsEntry> errors = [];
        if (ResourcePolicies.TryRead(ResourcePolicies.CheckLength(request.ResourcePolicy), out var fault) is not { } policy)
        {
            errors.Add(new() { CheckName = "PolicySyntax", ErrorMessage = fault });
            return Answer(errors);
        }
        if ((await cx.Call.Cloud.Principals.BindAsync(request.ResourcePolicy!, PolicyUse.Resource, stop)).Unknown is { } unknown)
        {
            errors.Add(new() { CheckName = "PolicyPrincipals", ErrorMessage = $"This resource policy contains an unsupported principal: {unknown}" });
        }
        if (ResourcePolicies.IsPublic(policy))
        {
            errors.Add(new() { CheckName = "PublicPolicy", ErrorMessage = "The policy allows access to everybody." });
        }
        if (await PolicyLockout.ThreatensAsync(cx, policy, request.SecretId, stop))
        {
            errors.Add(new() { CheckName = "PolicyLockout", ErrorMessage = "The policy will not allow you to change the resource policy in the future." });
        }
        return Answer(errors);
    }

    private static ValidateResourcePolicyResponse Answer(List<ValidationErrorsEntry> errors) =>
        new() { PolicyValidationPassed = errors.Count == 0, ValidationErrors = errors };
}
