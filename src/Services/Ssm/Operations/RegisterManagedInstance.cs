using Longspan.Api.Ssm;
using Longspan.Kernel;
using Longspan.Services.Ssm.Documents;
using Longspan.Services.Ssm.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ssm.Operations;

/// <summary>
/// Unsigned. The activation's count and the new machine are one commit that relies on the activation as it was read, so a limit holds however
/// many machines come at once. A repeat with the same key and fingerprint, after an answer was lost, gets the same id again and
/// counts once. The region is the activation's: an unsigned request has none of its own.
/// </summary>
internal static class RegisterManagedInstance
{
    private const int MaximumAttempts = 100;
    private const int MaximumFingerprintLength = 256;

    public static async ValueTask<RegisterManagedInstanceResult> HandleAsync(
        SsmContext cx, RegisterManagedInstanceRequest request, CancellationToken stop)
    {
        if (request.PublicKeyType != MachineKeys.Type || !MachineKeys.IsAcceptable(request.PublicKey))
        {
            throw SsmFaults.Validation("The public key must be Base64 of an RSA SubjectPublicKeyInfo of at least 2048 bits, its type Rsa.");
        }
        if (request.Fingerprint?.Length > MaximumFingerprintLength)
        {
            throw SsmFaults.Validation("The fingerprint is too long.");
        }
        if (!Guid.TryParseExact(request.ActivationId, "D", out _))
        {
            throw Refused();
        }
        // Many machines may share an activation and come together; each attempt lets at least one of them in.
        for (var attempt = 0; attempt < MaximumAttempts; attempt++)
        {
            var activation = await cx.Documents.GetAsync(SsmKinds.Activations, cx.Call.AccountId, request.ActivationId!, stop);
            if (activation is null || !ActivationCodes.Matches(request.ActivationCode!, activation.Value.CodeHash))
            {
                throw Refused();
            }
            var scope = $"{cx.Call.AccountId}/{activation.Value.Region}";
            if (await FindEarlierAsync(cx, scope, request, stop) is { } earlier)
            {
                return new RegisterManagedInstanceResult { InstanceId = earlier };
            }
            // Written down from here on: a repeat changes nothing, and may come without end.
            cx.Call.ActivationId = activation.Value.ActivationId;
            if (activation.Value.IsExpiredAt(cx.Now))
            {
                throw new ActivationExpired("The activation has expired. Create a new one and try again.");
            }
            if (activation.Value.RegistrationsCount >= activation.Value.RegistrationLimit)
            {
                throw new InvalidActivation("The activation's registration limit is used up.");
            }
            var instance = NewInstance(activation.Value, request, cx.Now);
            var commit = new Commit()
                .Update(SsmKinds.Activations, activation,
                    activation.Value with { RegistrationsCount = activation.Value.RegistrationsCount + 1 })
                .Create(SsmKinds.Instances, scope, instance.InstanceId, instance);
            if ((await cx.Documents.CommitAsync(commit, stop)).Committed)
            {
                return new RegisterManagedInstanceResult { InstanceId = instance.InstanceId };
            }
        }
        throw SsmFaults.TooManyUpdates();
    }

    private static InvalidActivation Refused() => new InvalidActivation(
        "The activation is not valid. The activation might have been deleted, or the specified ActivationId and the ActivationCode do not match.");

    private static async ValueTask<string?> FindEarlierAsync(
        SsmContext cx, string scope, RegisterManagedInstanceRequest request, CancellationToken stop)
    {
        var sameKey = await cx.Documents.ListByIndexAsync(
            SsmKinds.Instances, scope, SsmKinds.PublicKeyIndex, request.PublicKey!, stop, limit: 2);
        return sameKey.FirstOrDefault(i => i.Value.ActivationId == request.ActivationId && i.Value.Fingerprint == request.Fingerprint)
            ?.Value.InstanceId;
    }

    private static ManagedInstanceDocument NewInstance(
        ActivationDocument activation, RegisterManagedInstanceRequest request, DateTimeOffset now) => new()
        {
            InstanceId = "mi-" + Ids.Hex(17),
            ActivationId = activation.ActivationId,
            IamRole = activation.IamRole,
            Name = activation.DefaultInstanceName,
            PublicKey = request.PublicKey!,
            Fingerprint = request.Fingerprint,
            RegisteredAt = now,
            Tags = activation.Tags,
        };
}
