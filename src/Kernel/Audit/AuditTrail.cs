using Longspan.Api.Shapes;
using Longspan.Store.Records;
using Microsoft.Extensions.Logging;

namespace Longspan.Kernel.Audit;

/// <summary>A call that has ended.</summary>
/// <param name="Resources">The ARNs that the call was about.</param>
/// <param name="Response">Null when it failed.</param>
public sealed record AuditedCall(
    CallContext Call, Operation Operation, Shape Request, IReadOnlyList<string> Resources, Shape? Response = null, AwsError? Error = null);

/// <summary>
/// Who did what, kept for <see cref="Retention"/> beside the log events and apart from all log groups. A call is answered when its entry is on disk,
/// so what a client saw succeed is always to be found, also after a crash. An entry that cannot be written (a full disk) does not
/// undo what the call did: that is said in the server's log, and the call is answered.
/// </summary>
public sealed partial class AuditTrail(RecordStore records, ILogger<AuditTrail> log)
{
    /// <summary>As long as AWS's event history.</summary>
    public static readonly TimeSpan Retention = TimeSpan.FromDays(90);

    /// <summary>Log groups are kept in scopes with a region, so this group, in the scope that is just the account, is none of theirs.</summary>
    public const string Group = "audit";

    /// <summary>
    /// Refused logins with an identity token or an activation code that are kept in an hour; further ones are not. Some issuers, GitHub's among them, sign tokens for whoever has an
    /// account there, so a verified token does not make its holder one of ours. Logins that succeed are kept all: a trust policy let them in.
    /// </summary>
    public const int RefusedLoginsPerHour = 100;

    private readonly Lock _gate = new();
    private long _hour;
    private int _refusedLogins;

    public async ValueTask RecordAsync(AuditedCall audited)
    {
        var call = audited.Call;
        if (audited.Error is not null && (call.WebIdentityUser is not null || call.ActivationId is not null) && !IsWithinBound(call.Now))
        {
            return;
        }
        var stream = new RecordStream(call.AccountId, Group, AuditEvent.SourceOf(audited.Operation.Service));
        try
        {
            await records.AppendAsync(stream, [new RecordEvent(call.Now.ToUnixTimeMilliseconds(), AuditEvent.Write(audited))], CancellationToken.None);
        }
        catch (Exception failure)
        {
            LogLost(audited.Operation.Service.Name, audited.Operation.Name, call.Caller.Arn, call.RequestId, failure);
        }
    }

    private bool IsWithinBound(DateTimeOffset now)
    {
        int number;
        lock (_gate)
        {
            var hour = now.ToUnixTimeSeconds() / 3600;
            number = _refusedLogins = hour == _hour ? _refusedLogins + 1 : 1;
            _hour = hour;
        }
        if (number == RefusedLoginsPerHour + 1)
        {
            LogBound(RefusedLoginsPerHour);
        }
        return number <= RefusedLoginsPerHour;
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "More than {Bound} logins with identity tokens or activation codes were refused in this hour; further ones are not kept in the audit trail until it ends")]
    private partial void LogBound(int bound);

    [LoggerMessage(Level = LogLevel.Error, Message = "The audit entry of {Service}.{Operation} by {Caller} (request {RequestId}) could not be kept")]
    private partial void LogLost(string service, string operation, string caller, string requestId, Exception failure);
}
