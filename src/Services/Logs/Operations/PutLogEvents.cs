using Longspan.Api.Logs;
using Longspan.Services.Logs.Documents;
using Longspan.Services.Logs.Rules;

namespace Longspan.Services.Logs.Operations;

internal static class PutLogEvents
{
    public static async ValueTask<PutLogEventsResponse> HandleAsync(LogsContext cx, PutLogEventsRequest request, CancellationToken stop)
    {
        var name = Names.RequireStream(request.LogStreamName);
        var key = ProducerBatch.Read(cx.Call.ProducerBatch);
        var group = (await cx.RequireGroupAsync(request.LogGroupName, stop)).Value;
        var stream = (await cx.RequireStreamAsync(group, name, stop)).Value;
        var now = cx.Now;
        var batch = EventBatch.Decide(request.LogEvents, now, group.ExpiredBeforeMs(now));
        var records = cx.RecordsOf(group, stream);
        // A batch whose events are all left out is appended too when it is marked: its number counts as seen.
        var appended = batch.Accepted.Count > 0 || key is not null ? await cx.Records.AppendAsync(records, batch.Accepted, stop, key) : default;
        if (!await StillThereAsync(cx, group, stream, stop))
        {
            // Deleted meanwhile; what was just appended may have come after the removal.
            await cx.Records.RemoveStreamAsync(records, CancellationToken.None);
            throw LogsFaults.NoSuchStream();
        }
        return new PutLogEventsResponse
        {
            NextSequenceToken = Shapes.SequenceToken(appended.LastId),
            RejectedLogEventsInfo = batch.Rejected,
            // Entities are not kept, and the caller is told so; the events are.
            RejectedEntityInfo = request.Entity is null ? null : new RejectedEntityInfo { ErrorType = "UnsupportedLogGroupType" },
        };
    }

    private static async ValueTask<bool> StillThereAsync(LogsContext cx, LogGroupDocument group, LogStreamDocument stream, CancellationToken stop) =>
        (await cx.Documents.GetAsync(LogsKinds.Group, cx.Scope, group.Name, stop))?.Value.Id == group.Id
        && (await cx.Documents.GetAsync(LogsKinds.Stream, cx.ScopeOfStreams(group), stream.Name, stop))?.Value.Key == stream.Key;
}
