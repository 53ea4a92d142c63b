using Longspan.Api.Iam;

namespace Longspan.Services.Iam.Operations;

/// <summary>There is no console to sign in to with a password, so there is no policy for passwords. Tools that take stock of an account ask.</summary>
internal static class GetAccountPasswordPolicy
{
    public static ValueTask<GetAccountPasswordPolicyResponse> HandleAsync(
        IamContext cx, GetAccountPasswordPolicyRequest request, CancellationToken stop) =>
        throw new NoSuchEntityException("The Password Policy with domain name ACCOUNT cannot be found.");
}
