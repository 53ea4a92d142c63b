using Longspan.Api.SecretsManager;
using Longspan.Kernel;
using Longspan.Kernel.Reconcilers;
using Longspan.Services.SecretsManager.Operations;
using Longspan.Services.SecretsManager.Reconcilers;

namespace Longspan.Services.SecretsManager;

/// <summary>Secrets Manager: named secrets with versions, labels, scheduled deletion and rotation.</summary>
public sealed class SecretsManagerModule : ServiceModule<SecretsManagerContext>
{
    public SecretsManagerModule(Cloud cloud)
        : base(SecretsManagerOperations.Service)
    {
        Reconcilers = [new DeletionReconciler(cloud), new RotationReconciler(cloud)];

        MapSecrets();
        MapValues();
        MapRotation();
        MapPolicies();
    }

    public override IReadOnlyList<Reconciler> Reconcilers { get; }

    protected override SecretsManagerContext NewContext(CallContext call) => new(call);

    private void MapSecrets()
    {
        Map(SecretsManagerOperations.CreateSecret, CreateSecret.HandleAsync, SecretsManagerAccess.CreateAsync);
        Map(SecretsManagerOperations.UpdateSecret, UpdateSecret.HandleAsync, SecretsManagerAccess.UpdateAsync);
        Map(SecretsManagerOperations.DescribeSecret, DescribeSecret.HandleAsync,
            (cx, r, stop) => SecretsManagerAccess.SecretAsync(cx, "DescribeSecret", r.SecretId, stop));
        Map(SecretsManagerOperations.ListSecrets, ListSecrets.HandleAsync, (_, _) => "*");
        Map(SecretsManagerOperations.DeleteSecret, DeleteSecret.HandleAsync, SecretsManagerAccess.DeleteAsync);
        Map(SecretsManagerOperations.RestoreSecret, RestoreSecret.HandleAsync,
            (cx, r, stop) => SecretsManagerAccess.SecretAsync(cx, "RestoreSecret", r.SecretId, stop));
        Map(SecretsManagerOperations.TagResource, TagResource.HandleAsync, SecretsManagerAccess.TagAsync);
        Map(SecretsManagerOperations.UntagResource, UntagResource.HandleAsync, SecretsManagerAccess.UntagAsync);
    }

    private void MapValues()
    {
        Map(SecretsManagerOperations.PutSecretValue, PutSecretValue.HandleAsync,
            (cx, r, stop) => SecretsManagerAccess.SecretAsync(cx, "PutSecretValue", r.SecretId, stop));
        Map(SecretsManagerOperations.GetSecretValue, GetSecretValue.HandleAsync, SecretsManagerAccess.GetValueAsync);
        Map(SecretsManagerOperations.BatchGetSecretValue, BatchGetSecretValue.HandleAsync, (_, r, _) => SecretsManagerAccess.Batch(r));
        Map(SecretsManagerOperations.ListSecretVersionIds, ListSecretVersionIds.HandleAsync,
            (cx, r, stop) => SecretsManagerAccess.SecretAsync(cx, "ListSecretVersionIds", r.SecretId, stop));
        Map(SecretsManagerOperations.UpdateSecretVersionStage, UpdateSecretVersionStage.HandleAsync, SecretsManagerAccess.MoveStageAsync);
        Map(SecretsManagerOperations.GetRandomPassword, GetRandomPassword.HandleAsync, (_, _) => "*");
    }

    private void MapRotation()
    {
        Map(SecretsManagerOperations.RotateSecret, RotateSecret.HandleAsync, SecretsManagerAccess.RotateAsync);
        Map(SecretsManagerOperations.CancelRotateSecret, CancelRotateSecret.HandleAsync,
            (cx, r, stop) => SecretsManagerAccess.SecretAsync(cx, "CancelRotateSecret", r.SecretId, stop));
    }

    private void MapPolicies()
    {
        Map(SecretsManagerOperations.PutResourcePolicy, PutResourcePolicy.HandleAsync, SecretsManagerAccess.PutPolicyAsync);
        Map(SecretsManagerOperations.GetResourcePolicy, GetResourcePolicy.HandleAsync,
            (cx, r, stop) => SecretsManagerAccess.SecretAsync(cx, "GetResourcePolicy", r.SecretId, stop));
        Map(SecretsManagerOperations.DeleteResourcePolicy, DeleteResourcePolicy.HandleAsync,
            (cx, r, stop) => SecretsManagerAccess.SecretAsync(cx, "DeleteResourcePolicy", r.SecretId, stop));
        Map(SecretsManagerOperations.ValidateResourcePolicy, ValidateResourcePolicy.HandleAsync, SecretsManagerAccess.ValidatePolicyAsync);
    }
}
