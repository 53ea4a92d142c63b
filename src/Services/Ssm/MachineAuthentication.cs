using Longspan.Api.Shapes;
using Longspan.Api.Ssm;
using Longspan.Kernel;
using Longspan.Services.Ssm.Documents;
using Longspan.Services.Ssm.Rules;

namespace Longspan.Services.Ssm;

/// <summary>
/// The two ways in that need no access key. <c>RegisterManagedInstance</c> comes unsigned; its activation code is the proof, and the
/// operation itself checks it. The role-token and key-rotation calls are signed with the machine's RSA key, under the machine's id.
/// </summary>
internal sealed class MachineAuthentication(Cloud cloud)
{
    /// <summary>Ends the key id of a caller who signed with the key that the machine had before its last rotation.</summary>
    public const string PreviousKey = "#previous";
    private const string IdPrefix = "mi-";

    public async ValueTask<Caller?> AuthenticateAsync(Operation operation, SignedRequest? signed, CancellationToken stop)
    {
        if (signed is null)
        {
            return operation == SsmOperations.RegisterManagedInstance ? Caller.Anonymous(cloud.Settings.AccountId) : null;
        }
        return signed.KeyId.StartsWith(IdPrefix, StringComparison.Ordinal) && operation != SsmOperations.RegisterManagedInstance
            ? await CheckAsync(signed, stop)
            : null;
    }

    /// <summary>The machine that signed the request, or null when it was signed otherwise.</summary>
    public static string? MachineOf(Caller caller) => caller.UserId.StartsWith(IdPrefix, StringComparison.Ordinal) ? caller.UserId : null;

    private async ValueTask<Caller> CheckAsync(SignedRequest signed, CancellationToken stop)
    {
        var account = cloud.Settings.AccountId;
        var instance = await cloud.Documents.GetAsync(SsmKinds.Instances, $"{account}/{signed.Region}", signed.KeyId, stop);
        if (instance is null)
        {
            // The agent takes this as final and asks again only after half an hour, which is what a removed machine should do.
            throw new AccessDeniedException($"Machine {signed.KeyId} is not registered.");
        }
        var arn = $"arn:aws:ssm:{signed.Region}:{account}:managed-instance/{signed.KeyId}";
        if (MachineKeys.Verifies(instance.Value.PublicKey, signed.StringToSign, signed.Signature))
        {
            return new Caller(account, arn, signed.KeyId, signed.KeyId, IsAdministrator: false);
        }
        if (instance.Value.PreviousPublicKey is { } previous && cloud.Clock.GetUtcNow() < instance.Value.PreviousKeyUntil
            && MachineKeys.Verifies(previous, signed.StringToSign, signed.Signature))
        {
            return new Caller(account, arn, signed.KeyId, signed.KeyId + PreviousKey, IsAdministrator: false);
        }
        throw new AwsError("InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. Check the machine's key.", 403);
    }
}
