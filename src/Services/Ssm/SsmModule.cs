using System.Collections.Frozen;
using Longspan.Api.Shapes;
using Longspan.Api.Ssm;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Services.Ssm.Operations;
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
        _pings = new PingTimes(cloud.Clock);
        _values = new SealedBox(sealer, "longspan/ssm-secure-string/1");
        _machines = new MachineAuthentication(cloud);

        MapMachines();
        MapParameters();
    }

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
        Map(SsmOperations.CreateActivation, CreateActivation.HandleAsync);
        Map(SsmOperations.DeleteActivation, DeleteActivation.HandleAsync);
        Map(SsmOperations.DescribeActivations, DescribeActivations.HandleAsync);
        Map(SsmOperations.RegisterManagedInstance, RegisterManagedInstance.HandleAsync);
        Map(SsmOperations.RequestManagedInstanceRoleToken, RequestManagedInstanceRoleToken.HandleAsync);
        Map(SsmOperations.UpdateManagedInstancePublicKey, UpdateManagedInstancePublicKey.HandleAsync);
        Map(SsmOperations.UpdateManagedInstanceRole, UpdateManagedInstanceRole.HandleAsync);
        Map(SsmOperations.UpdateInstanceInformation, UpdateInstanceInformation.HandleAsync);
        Map(SsmOperations.DescribeInstanceInformation, DescribeInstanceInformation.HandleAsync);
        Map(SsmOperations.DeregisterManagedInstance, DeregisterManagedInstance.HandleAsync);
    }

    private void MapParameters()
    {
        Map(SsmOperations.PutParameter, PutParameter.HandleAsync);
        Map(SsmOperations.GetParameter, GetParameter.HandleAsync);
        Map(SsmOperations.GetParameters, GetParameters.HandleAsync);
        Map(SsmOperations.GetParametersByPath, GetParametersByPath.HandleAsync);
        Map(SsmOperations.GetParameterHistory, GetParameterHistory.HandleAsync);
        Map(SsmOperations.DescribeParameters, DescribeParameters.HandleAsync);
        Map(SsmOperations.DeleteParameter, DeleteParameter.HandleAsync);
        Map(SsmOperations.DeleteParameters, DeleteParameters.HandleAsync);
        Map(SsmOperations.AddTagsToResource, AddTagsToResource.HandleAsync);
        Map(SsmOperations.RemoveTagsFromResource, RemoveTagsFromResource.HandleAsync);
        Map(SsmOperations.ListTagsForResource, ListTagsForResource.HandleAsync);
    }
}
