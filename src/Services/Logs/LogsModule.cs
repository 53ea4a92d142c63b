using Longspan.Api.Logs;
using Longspan.Kernel;
using Longspan.Kernel.Access;
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

        Map(LogsOperations.CreateLogGroup, CreateLogGroup.HandleAsync, (cx, r, _) => ValueTask.FromResult(LogsAccess.Create(cx, r)));
        Map(LogsOperations.CreateLogStream, CreateLogStream.HandleAsync, async (cx, r, stop) => [await LogsAccess.StreamAsync(cx, "logs:CreateLogStream", r.LogGroupName, r.LogStreamName, stop)]);
        Map(LogsOperations.DeleteLogGroup, DeleteLogGroup.HandleAsync, async (cx, r, stop) => [await LogsAccess.GroupAsync(cx, "logs:DeleteLogGroup", r.LogGroupName, stop)]);
        Map(LogsOperations.DeleteLogStream, DeleteLogStream.HandleAsync, async (cx, r, stop) => [await LogsAccess.StreamAsync(cx, "logs:DeleteLogStream", r.LogGroupName, r.LogStreamName, stop)]);
        Map(LogsOperations.DeleteRetentionPolicy, DeleteRetentionPolicy.HandleAsync, async (cx, r, stop) => [await LogsAccess.GroupAsync(cx, "logs:DeleteRetentionPolicy", r.LogGroupName, stop)]);
        Map(LogsOperations.DescribeLogGroups, DescribeLogGroups.HandleAsync, LogsAccess.DescribeAsync);
        Map(LogsOperations.DescribeLogStreams, DescribeLogStreams.HandleAsync, async (cx, r, stop) => [await LogsAccess.GroupAsync(cx, "logs:DescribeLogStreams", r.LogGroupName, r.LogGroupIdentifier, stop)]);
        Map(LogsOperations.FilterLogEvents, FilterLogEvents.HandleAsync, async (cx, r, stop) => [await LogsAccess.GroupAsync(cx, "logs:FilterLogEvents", r.LogGroupName, r.LogGroupIdentifier, stop)]);
        Map(LogsOperations.GetLogEvents, GetLogEvents.HandleAsync,
            async (cx, r, stop) => [await LogsAccess.StreamAsync(cx, "logs:GetLogEvents", r.LogGroupName, r.LogGroupIdentifier, r.LogStreamName, stop)]);
        Map(LogsOperations.ListTagsForResource, ListTagsForResource.HandleAsync, async (cx, r, stop) => [await LogsAccess.TaggingAsync(cx, "logs:ListTagsForResource", r.ResourceArn, stop)]);
        Map(LogsOperations.PutLogEvents, PutLogEvents.HandleAsync, async (cx, r, stop) => [await LogsAccess.StreamAsync(cx, "logs:PutLogEvents", r.LogGroupName, r.LogStreamName, stop)]);
        Map(LogsOperations.PutRetentionPolicy, PutRetentionPolicy.HandleAsync, async (cx, r, stop) => [await LogsAccess.GroupAsync(cx, "logs:PutRetentionPolicy", r.LogGroupName, stop)]);
        Map(LogsOperations.TagResource, TagResource.HandleAsync,
            async (cx, r, stop) => [await LogsAccess.TaggingAsync(cx, "logs:TagResource", r.ResourceArn, stop) with { RequestTags = r.Tags }]);
        Map(LogsOperations.UntagResource, UntagResource.HandleAsync,
            async (cx, r, stop) => [await LogsAccess.TaggingAsync(cx, "logs:UntagResource", r.ResourceArn, stop) with { Keys = AccessRules.TagKeys(r.TagKeys) }]);
    }

    public override IReadOnlyList<Reconciler> Reconcilers { get; }

    protected override LogsContext NewContext(CallContext call) => new(call, _records);
}
