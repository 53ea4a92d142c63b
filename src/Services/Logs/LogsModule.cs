using Longspan.Api.Logs;
using Longspan.Kernel;
using Longspan.Kernel.Reconcilers;
using Longspan.Services.Logs.Operations;
using Longspan.Services.Logs.Reconcilers;
using Longspan.Store.Records;

namespace Longspan.Services.Logs;

/// <summary>CloudWatch Logs: groups and streams are documents, events live in the record store.</summary>
public sealed class LogsModule : ServiceModule<LogsContext>
{
    private readonly RecordStore _records;

    public LogsModule(Cloud cloud, RecordStore records)
        : base(LogsOperations.Service)
    {
        _records = records;
        Reconcilers = [new RetentionReconciler(cloud, records), new RemovalReconciler(cloud.Documents, records)];

        Map(LogsOperations.CreateLogGroup, CreateLogGroup.HandleAsync);
        Map(LogsOperations.CreateLogStream, CreateLogStream.HandleAsync);
        Map(LogsOperations.DeleteLogGroup, DeleteLogGroup.HandleAsync);
        Map(LogsOperations.DeleteLogStream, DeleteLogStream.HandleAsync);
        Map(LogsOperations.DeleteRetentionPolicy, DeleteRetentionPolicy.HandleAsync);
        Map(LogsOperations.DescribeLogGroups, DescribeLogGroups.HandleAsync);
        Map(LogsOperations.DescribeLogStreams, DescribeLogStreams.HandleAsync);
        Map(LogsOperations.FilterLogEvents, FilterLogEvents.HandleAsync);
        Map(LogsOperations.GetLogEvents, GetLogEvents.HandleAsync);
        Map(LogsOperations.ListTagsForResource, ListTagsForResource.HandleAsync);
        Map(LogsOperations.PutLogEvents, PutLogEvents.HandleAsync);
        Map(LogsOperations.PutRetentionPolicy, PutRetentionPolicy.HandleAsync);
        Map(LogsOperations.TagResource, TagResource.HandleAsync);
        Map(LogsOperations.UntagResource, UntagResource.HandleAsync);
    }

    public override IReadOnlyList<Reconciler> Reconcilers { get; }

    protected override LogsContext NewContext(CallContext call) => new(call, _records);
}
