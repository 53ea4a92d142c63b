using Longspan.Api.SecretsManager;
using Longspan.Services.SecretsManager.Rules;

namespace Longspan.Services.SecretsManager.Operations;

internal static class GetRandomPassword
{
    private const int DefaultLength = 32;
    private const int MaximumLength = 4096;

    public static ValueTask<GetRandomPasswordResponse> HandleAsync(
        SecretsManagerContext cx, GetRandomPasswordRequest request, CancellationToken stop)
    {
        var length = request.PasswordLength ?? DefaultLength;
        if (length is < 1 or > MaximumLength)
        {
            throw SecretsManagerFaults.Constraint(
                "passwordLength", length,
                length < 1 ? "Member must have value greater than or equal to 1" : $"Member must have value less than or equal to {MaximumLength}");
        }
        if (request.ExcludeCharacters?.Length > MaximumLength)
        {
            throw SecretsManagerFaults.Constraint("excludeCharacters", null, $"Member must have length less than or equal to {MaximumLength}");
        }
        var sets = PasswordRules.Sets(request);
        if (sets.Count == 0)
        {
            throw new InvalidParameterException("The password can't be generated because every character type is excluded.");
        }
        var eachType = request.RequireEachIncludedType ?? true;
        if (eachType && length < sets.Count)
        {
            throw new InvalidParameterException("Password length is too short based on the required types.");
        }
        return ValueTask.FromResult(new GetRandomPasswordResponse { RandomPassword = PasswordRules.Make(sets, (int)length, eachType) });
    }
}
