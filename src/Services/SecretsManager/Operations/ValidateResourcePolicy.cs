using Longspan.Api.SecretsManager;
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
        var policy = ResourcePolicies.TryRead(ResourcePolicies.CheckLength(request.ResourcePolicy), out var fault);
        var errors = policy is null ? [new ValidationErrorsEntry { CheckName = "PolicySyntax", ErrorMessage = fault }]
            : ResourcePolicies.IsPublic(policy)
                ? new List<ValidationErrorsEntry> { new() { CheckName = "PublicPolicy", ErrorMessage = "The policy allows access to everybody." } }
                : [];
        return new ValidateResourcePolicyResponse { PolicyValidationPassed = errors.Count == 0, ValidationErrors = errors };
    }
}
