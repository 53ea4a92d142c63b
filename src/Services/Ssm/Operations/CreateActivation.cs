using Longspan.Api.Ssm;
using Longspan.Kernel;
using Longspan.Services.Ssm.Documents;
using Longspan.Services.Ssm.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ssm.Operations;

internal static class CreateActivation
{
    private const int MaximumRegistrations = 1000;
    private const int MaximumTextLength = 256;
    private static readonly TimeSpan s_defaultLife = TimeSpan.FromHours(24);
    private static readonly TimeSpan s_longestLife = TimeSpan.FromDays(30);

    public static async ValueTask<CreateActivationResult> HandleAsync(
        SsmContext cx, CreateActivationRequest request, CancellationToken stop)
    {
        var limit = request.RegistrationLimit ?? 1;
        if (limit is < 1 or > MaximumRegistrations)
        {
            throw SsmFaults.Constraint("registrationLimit", limit, $"Member must have value between 1 and {MaximumRegistrations}, inclusive");
        }
        if (request.Description?.Length > MaximumTextLength || request.DefaultInstanceName?.Length > MaximumTextLength)
        {
            throw SsmFaults.Validation($"Description and default instance name have at most {MaximumTextLength} characters.");
        }
        var now = cx.Now;
        var expires = request.ExpirationDate ?? now + s_defaultLife;
        if (expires <= now || expires > now + s_longestLife)
        {
            throw new InvalidParameters("The expiration date must lie in the future, at most 30 days ahead.");
        }
        await MachineRoles.RequireAsync(cx, request.IamRole!, stop);

        var code = ActivationCodes.New();
        var activation = new ActivationDocument
        {
            ActivationId = Ids.Uuid(),
            Region = cx.Call.Region,
            CodeHash = ActivationCodes.Hash(code),
            IamRole = request.IamRole!,
            Description = request.Description,
            DefaultInstanceName = request.DefaultInstanceName,
            RegistrationLimit = limit,
            ExpiresAt = expires,
            CreatedAt = now,
            Tags = SsmTags.Read(request.Tags),
        };
        var commit = new Commit().Create(SsmKinds.Activations, cx.Call.AccountId, activation.ActivationId, activation);
        return (await cx.Documents.CommitAsync(commit, stop)).Committed
            ? new CreateActivationResult { ActivationId = activation.ActivationId, ActivationCode = code }
            : throw SsmFaults.TooManyUpdates();
    }
}
