using Longspan.Api.Logs;
using Longspan.Kernel;
using Longspan.Services.Logs.Documents;
using Longspan.Services.Logs.Rules;
using Longspan.Store.Documents;
using Longspan.Store.Records;

namespace Longspan.Services.Logs;

/// <summary>What the operations of CloudWatch Logs work with: the call, the documents, and the store of log events.</summary>
public sealed class LogsContext
{
    /// <summary>How often an operation decides anew when others change the same group; then it answers that it was aborted.</summary>
    private const int MaximumAttempts = 8;

    internal LogsContext(CallContext call, RecordStore records) => (Call, Records) = (call, records);

    internal CallContext Call { get; }
    internal RecordStore Records { get; }
    internal DocumentLog Documents => Call.Cloud.Documents;
    internal string Scope => Call.Scope;
    internal DateTimeOffset Now => Call.Now;

    internal string ScopeOfStreams(LogGroupDocument group) => LogsKinds.ScopeOfStreams(Scope, group.Id);

    internal RecordStream RecordsOf(LogGroupDocument group, LogStreamDocument stream) => new(Scope, group.Id, stream.Key);

    /// <summary>The group of an operation that takes its name only.</summary>
    internal async ValueTask<Document<LogGroupDocument>> RequireGroupAsync(string? name, CancellationToken stop) =>
        await Documents.GetAsync(LogsKinds.Group, Scope, Names.RequireGroup(name), stop) ?? throw LogsFaults.NoSuchGroup();

    /// <summary>The group of an operation that takes either its name or its name or ARN.</summary>
    internal ValueTask<Document<LogGroupDocument>> RequireGroupAsync(string? name, string? identifier, CancellationToken stop) =>
        (name, identifier) switch
        {
            (null, null) => throw new InvalidParameterException("Either logGroupName or logGroupIdentifier must be specified."),
            (not null, not null) => throw new InvalidParameterException("Only one of logGroupName and logGroupIdentifier may be specified."),
            (not null, _) => RequireGroupAsync(name, stop),
            _ => RequireGroupAsync(Names.GroupOfIdentifier(Call, identifier!), stop),
        };

    /// <summary>The group of a tagging operation.</summary>
    internal ValueTask<Document<LogGroupDocument>> RequireGroupOfArnAsync(string? arn, CancellationToken stop) =>
        RequireGroupAsync(Names.GroupOfArn(Call, arn), stop);

    internal async ValueTask<Document<LogStreamDocument>> RequireStreamAsync(LogGroupDocument group, string? name, CancellationToken stop) =>
        await Documents.GetAsync(LogsKinds.Stream, ScopeOfStreams(group), Names.RequireStream(name), stop) ?? throw LogsFaults.NoSuchStream();

    /// <summary>Reads, decides and commits, again when somebody else was quicker.</summary>
    internal async ValueTask CommitAsync(Func<ValueTask<Commit>> decide, CancellationToken stop)
    {
        for (var attempt = 0; attempt < MaximumAttempts; attempt++)
        {
            if ((await Documents.CommitAsync(await decide(), stop)).Committed)
            {
                return;
            }
        }
        throw LogsFaults.Contended();
    }

    /// <summary>Replaces a group by what <paramref name="change"/> makes of it.</summary>
    internal ValueTask ChangeGroupAsync(
        Func<ValueTask<Document<LogGroupDocument>>> read, Func<LogGroupDocument, LogGroupDocument> change, CancellationToken stop) =>
        CommitAsync(
            async () =>
            {
                var group = await read();
                return new Commit().Update(LogsKinds.Group, group, change(group.Value));
            },
            stop);
}
