using System.Globalization;
using Longspan.Api.Logs;
using Longspan.Services.Logs.Documents;
using Longspan.Services.Logs.Rules;
using Longspan.Store.Records;

namespace Longspan.Services.Logs;

/// <summary>Documents and stored events as the wire shows them.</summary>
internal static class Shapes
{
    public static LogGroup ToShape(this LogGroupDocument group, LogsContext cx, long storedBytes)
    {
        var arn = Names.ArnOfGroup(cx.Call, group.Name);
        return new LogGroup
        {
            LogGroupName = group.Name,
            CreationTime = group.CreatedAt.ToUnixTimeMilliseconds(),
            RetentionInDays = group.RetentionDays,
            MetricFilterCount = 0,
            Arn = arn + ":*",
            LogGroupArn = arn,
            StoredBytes = storedBytes,
            LogGroupClass = group.LogGroupClass,
            DeletionProtectionEnabled = group.DeletionProtected,
        };
    }

    /// <param name="summary">What the record store holds for it; null before the first event.</param>
    public static LogStream ToShape(this LogStreamDocument stream, LogsContext cx, LogGroupDocument group, RecordStreamSummary? summary) => new()
    {
        LogStreamName = stream.Name,
        CreationTime = stream.CreatedAt.ToUnixTimeMilliseconds(),
        FirstEventTimestamp = summary?.FirstMs,
        LastEventTimestamp = summary?.LastMs,
        LastIngestionTime = summary?.LastIngestedMs,
        UploadSequenceToken = SequenceToken(summary?.LastIngestedMs ?? 0),
        Arn = $"{Names.ArnOfGroup(cx.Call, group.Name)}:log-stream:{stream.Name}",
        // AWS answers zero for every stream since 2019, and tells sizes by group only.
        StoredBytes = 0,
    };

    public static OutputLogEvent ToOutput(this StoredRecord record) =>
        new() { Timestamp = record.TimestampMs, IngestionTime = record.IngestedMs, Message = record.Message };

    public static FilteredLogEvent ToFiltered(this StoredRecord record) => new()
    {
        LogStreamName = LogStreamDocument.NameOf(record.Stream),
        Timestamp = record.TimestampMs,
        IngestionTime = record.IngestedMs,
        Message = record.Message,
        // Digits that sort as the events do, as many as AWS gives.
        EventId = string.Create(CultureInfo.InvariantCulture, $"{record.TimestampMs:D20}{record.Id:D36}"),
    };

    /// <summary>Clients of old hand the token back with the next batch. It has no meaning any more, on AWS as here.</summary>
    public static string SequenceToken(long number) => "49" + number.ToString("D54", CultureInfo.InvariantCulture);
}
