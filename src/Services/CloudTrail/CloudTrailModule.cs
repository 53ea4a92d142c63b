using Longspan.Api.CloudTrail;
using Longspan.Kernel;
using Longspan.Kernel.Reconcilers;
using Longspan.Services.CloudTrail.Operations;
using Longspan.Services.CloudTrail.Reconcilers;
using Longspan.Store.Records;

namespace Longspan.Services.CloudTrail;

/// <summary>What a CloudTrail operation works with.</summary>
public sealed record CloudTrailContext(CallContext Call, RecordStore Records);

/// <summary>CloudTrail: the event history. The entries are written by <c>Kernel/Audit</c> for every service.</summary>
public sealed class CloudTrailModule : ServiceModule<CloudTrailContext>
{
    private readonly RecordStore _records;

    public CloudTrailModule(Cloud cloud, RecordStore records)
        : base(CloudTrailOperations.Service)
    {
        _records = records;
        Reconcilers = [new RetentionReconciler(cloud, records)];
        Map(CloudTrailOperations.LookupEvents, LookupEvents.HandleAsync, (_, _) => "*");
    }

    public override IReadOnlyList<Reconciler> Reconcilers { get; }

    protected override CloudTrailContext NewContext(CallContext call) => new(call, _records);
}
