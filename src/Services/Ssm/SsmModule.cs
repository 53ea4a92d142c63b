using System.Collections.Frozen;
using Longspan.Api.Shapes;
using Longspan.Api.Ssm;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Kernel.Reconcilers;
using Longspan.Services.Ssm.Operations;
using Longspan.Services.Ssm.Reconcilers;
using Longspan.Services.Ssm.Rules;
using Longspan.Store;

namespace Longspan.Services.Ssm;

/// <summary>Systems Manager: registration of external machines, their identities, and Parameter Store.</summary>
public sealed class SsmModule : ServiceModule<SsmContext>
{
    private readonly PingTimes _pings;
    private readonly SealedBox _values;
    private readonly MachineAuthentication _machines;

    /// <param name="sealer">A key for this service alone is derived from its.</param>
    public SsmModule(Cloud cloud, Sealer sealer)
        : base(SsmOperations.Service)
    {
        Reconcilers = [new ParameterPolicyReconciler(cloud)];
        _pings = new PingTimes(cloud.Clock);
        _values = new SealedBox(sealer, "longspan/ssm-secure-string/1");
        _machines = new MachineAuthentication(cloud);

        MapMachines();
        MapParameters();
        MapLabelsAndSettings();
    }

    public override IReadOnlyList<Reconciler> Reconcilers { get; }

    public override IReadOnlySet<Operation> OwnAuthentication { get; } = new Operation[]
    {
        SsmOperations.RegisterManagedInstance,
        SsmOperations.RequestManagedInstanceRoleToken,
        SsmOperations.UpdateManagedInstancePublicKey,
    }.ToFrozenSet();

    public override ValueTask<Caller?> AuthenticateAsync(Operation operation, SignedRequest? signed, CancellationToken stop) =>
        _machines.AuthenticateAsync(operation, signed, stop);

    public override ValueTask ResetAsync(CancellationToken stop)
    {
        _pings.ForgetAll();
        return ValueTask.CompletedTask;
    }

    protected override SsmContext NewContext(CallContext call) => new(call, _pings, _values);

    private void MapMachines()
    {
        Map(SsmOperations.CreateActivation, CreateActivation.HandleAsync, (cx, r, _) => ValueTask.FromResult(SsmAccess.Activation(cx, r)));
        Map(SsmOperations.DeleteActivation, DeleteActivation.HandleAsync, (cx, _) => SsmAccess.Everything(cx));
        Map(SsmOperations.DescribeActivations, DescribeActivations.HandleAsync, (cx, _) => SsmAccess.Everything(cx));
        Map(SsmOperations.RegisterManagedInstance, RegisterManagedInstance.HandleAsync, (_, _, _) => AccessRules.None);
        Map(SsmOperations.RequestManagedInstanceRoleToken, RequestManagedInstanceRoleToken.HandleAsync, (_, _, _) => AccessRules.None);
        Map(SsmOperations.UpdateManagedInstancePublicKey, UpdateManagedInstancePublicKey.HandleAsync, (_, _, _) => AccessRules.None);
        Map(SsmOperations.UpdateManagedInstanceRole, UpdateManagedInstanceRole.HandleAsync, SsmAccess.RoleOfMachineAsync);
        Map(SsmOperations.UpdateInstanceInformation, UpdateInstanceInformation.HandleAsync, async (cx, r, stop) => [await SsmAccess.MachineAsync(cx, "ssm:UpdateInstanceInformation", r.InstanceId, stop)]);
        Map(SsmOperations.DescribeInstanceInformation, DescribeInstanceInformation.HandleAsync, (cx, _) => SsmAccess.Everything(cx));
        Map(SsmOperations.DeregisterManagedInstance, DeregisterManagedInstance.HandleAsync, async (cx, r, stop) => [await SsmAccess.MachineAsync(cx, "ssm:DeregisterManagedInstance", r.InstanceId, stop)]);
    }

    private void MapParameters()
    {
        Map(SsmOperations.PutParameter, PutParameter.HandleAsync, SsmAccess.PutAsync);
        Map(SsmOperations.GetParameter, GetParameter.HandleAsync, async (cx, r, stop) => [await SsmAccess.ParameterAsync(cx, "ssm:GetParameter", r.Name, stop)]);
        Map(SsmOperations.GetParameters, GetParameters.HandleAsync, (cx, r, stop) => SsmAccess.ParametersAsync(cx, "ssm:GetParameters", r.Names, stop));
        Map(SsmOperations.GetParametersByPath, GetParametersByPath.HandleAsync, (cx, r, _) => AccessRules.Demand(SsmAccess.Path(cx, r)));
        Map(SsmOperations.GetParameterHistory, GetParameterHistory.HandleAsync, async (cx, r, stop) => [await SsmAccess.ParameterAsync(cx, "ssm:GetParameterHistory", r.Name, stop)]);
        Map(SsmOperations.DescribeParameters, DescribeParameters.HandleAsync, (cx, _) => SsmAccess.Everything(cx));
        Map(SsmOperations.DeleteParameter, DeleteParameter.HandleAsync, async (cx, r, stop) => [await SsmAccess.ParameterAsync(cx, "ssm:DeleteParameter", r.Name, stop)]);
        Map(SsmOperations.DeleteParameters, DeleteParameters.HandleAsync, (cx, r, stop) => SsmAccess.ParametersAsync(cx, "ssm:DeleteParameters", r.Names, stop));
        Map(SsmOperations.AddTagsToResource, AddTagsToResource.HandleAsync,
            async (cx, r, stop) => [await SsmAccess.TaggedAsync(cx, "ssm:AddTagsToResource", r.ResourceType, r.ResourceId, stop) with { RequestTags = SsmAccess.Tags(r.Tags) }]);
        Map(SsmOperations.RemoveTagsFromResource, RemoveTagsFromResource.HandleAsync,
            async (cx, r, stop) => [(await SsmAccess.TaggedAsync(cx, "ssm:RemoveTagsFromResource", r.ResourceType, r.ResourceId, stop)).With(AccessRules.TagKeys(r.TagKeys))]);
        Map(SsmOperations.ListTagsForResource, ListTagsForResource.HandleAsync, async (cx, r, stop) => [await SsmAccess.TaggedAsync(cx, "ssm:ListTagsForResource", r.ResourceType, r.ResourceId, stop)]);
    }

    private void MapLabelsAndSettings()
    {
        Map(SsmOperations.LabelParameterVersion, LabelParameterVersion.HandleAsync,
            async (cx, r, stop) => [await SsmAccess.ParameterAsync(cx, "ssm:LabelParameterVersion", r.Name?.Trim(), stop)]);
        Map(SsmOperations.UnlabelParameterVersion, UnlabelParameterVersion.HandleAsync,
            async (cx, r, stop) => [await SsmAccess.ParameterAsync(cx, "ssm:UnlabelParameterVersion", r.Name?.Trim(), stop)]);
        Map(SsmOperations.GetServiceSetting, GetServiceSetting.HandleAsync, (cx, r) => ServiceSettings.ArnOf(cx.Call, r.SettingId));
        Map(SsmOperations.UpdateServiceSetting, UpdateServiceSetting.HandleAsync, (cx, r) => ServiceSettings.ArnOf(cx.Call, r.SettingId));
        Map(SsmOperations.ResetServiceSetting, ResetServiceSetting.HandleAsync, (cx, r) => ServiceSettings.ArnOf(cx.Call, r.SettingId));
    }
}
