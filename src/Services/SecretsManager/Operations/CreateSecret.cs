using Longspan.Api.SecretsManager;
using Longspan.Kernel;
using Longspan.Services.SecretsManager.Documents;
using Longspan.Services.SecretsManager.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.SecretsManager.Operations;

internal static class CreateSecret
{
    public static async ValueTask<CreateSecretResponse> HandleAsync(
        SecretsManagerContext cx, CreateSecretRequest request, CancellationToken stop)
    {
        var name = SecretNames.CheckNew(request.Name);
        Check(request);
        NewValue.CheckToken(request.ClientRequestToken);
        var value = NewValue.Read(request.ClientRequestToken, request.SecretString, request.SecretBinary);
        var secret = new SecretDocument(name, Ids.Secret(SecretNames.SuffixLength), cx.Now)
        {
            ChangedAt = cx.Now,
            Description = request.Description,
            KmsKeyId = string.IsNullOrEmpty(request.KmsKeyId) ? null : request.KmsKeyId,
            Tags = SecretTags.With(new Dictionary<string, string>(), request.Tags),
        };
        var commit = new Commit();
        if (value is not null)
        {
            secret = Versions.Add(secret, value.VersionId, [Stages.Current], cx.Now);
            await SecretValues.AddToAsync(cx, commit, secret, value.VersionId, value.Value, stop);
        }
        commit.Create(SecretsManagerKinds.Secrets, cx.Scope, name, secret);
        if (!(await cx.Documents.CommitAsync(commit, stop)).Committed)
        {
            secret = await RepeatAsync(cx, name, value, stop);
        }
        return new CreateSecretResponse { ARN = cx.ArnOf(secret), Name = name, VersionId = value?.VersionId };
    }

    // A client that did not hear the answer asks again with the same token and value, and hears it then.
    private static async ValueTask<SecretDocument> RepeatAsync(SecretsManagerContext cx, string name, NewValue? value, CancellationToken stop)
    {
        var present = (await cx.Documents.GetAsync(SecretsManagerKinds.Secrets, cx.Scope, name, stop))?.Value;
        if (present?.Deletion is not null)
        {
            throw new InvalidRequestException("You can't create this secret because a secret with this name is already scheduled for deletion.");
        }
        var isSame = present is not null && value is not null && present.Versions.ContainsKey(value.VersionId)
            && await SecretValues.HoldsAsync(cx, present, value, stop);
        return isSame
            ? present!
            : throw new ResourceExistsException($"The operation failed because the secret {name} already exists.");
    }

    private static void Check(CreateSecretRequest request)
    {
        Limits.CheckDescription(request.Description);
        Limits.CheckKeyId(request.KmsKeyId);
        if (request.AddReplicaRegions is { Count: > 0 })
        {
            throw new InvalidParameterException("Secrets are not replicated here: AddReplicaRegions must be empty.");
        }
        if (!string.IsNullOrEmpty(request.Type))
        {
            throw new InvalidParameterException("Secrets that a partner holds are not supported here: Type must be empty.");
        }
    }
}
