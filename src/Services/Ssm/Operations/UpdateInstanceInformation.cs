using Longspan.Api.Ssm;
using Longspan.Services.Ssm.Documents;
using Longspan.Services.Ssm.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ssm.Operations;

/// <summary>The agent's health ping. Signed with the machine's role session, and a machine reports about itself only.</summary>
internal static class UpdateInstanceInformation
{
    private const int MaximumTextLength = 256;

    public static async ValueTask<UpdateInstanceInformationResult> HandleAsync(
        SsmContext cx, UpdateInstanceInformationRequest request, CancellationToken stop)
    {
        var id = request.InstanceId!;
        if (cx.Caller.SessionName != id && !cx.Caller.IsAdministrator)
        {
            throw new AccessDeniedException($"{cx.Caller.Arn} may not report for {id}.");
        }
        for (var attempt = 0; attempt < SsmContext.MaximumAttempts; attempt++)
        {
            var instance = await cx.Documents.GetAsync(SsmKinds.Instances, cx.Call.Scope, id, stop) ?? throw SsmFaults.InstanceNotFound(id);
            var now = cx.Now;
            var report = Merge(instance.Value.Report, request);
            var isRecorded = instance.Value.LastRecordedPing is { } at && now - at < PingTimes.RecordEvery;
            if (isRecorded && report == instance.Value.Report)
            {
                cx.Pings.Heard(id, now);
                return new UpdateInstanceInformationResult();
            }
            var changed = instance.Value with { Report = report, LastRecordedPing = now };
            if ((await cx.Documents.CommitAsync(new Commit().Update(SsmKinds.Instances, instance, changed), stop)).Committed)
            {
                cx.Pings.Heard(id, now);
                return new UpdateInstanceInformationResult();
            }
        }
        throw SsmFaults.TooManyUpdates();
    }

    private static AgentReport Merge(AgentReport known, UpdateInstanceInformationRequest request) => new()
    {
        AgentName = Newer(request.AgentName, known.AgentName),
        AgentVersion = Newer(request.AgentVersion, known.AgentVersion),
        PlatformType = Newer(request.PlatformType, known.PlatformType),
        PlatformName = Newer(request.PlatformName, known.PlatformName),
        PlatformVersion = Newer(request.PlatformVersion, known.PlatformVersion),
        ComputerName = Newer(request.ComputerName, known.ComputerName),
        IpAddress = Newer(request.IPAddress, known.IpAddress),
    };

    private static string? Newer(string? told, string? known)
    {
        if (told?.Length > MaximumTextLength)
        {
            throw SsmFaults.Validation($"Texts of a report have at most {MaximumTextLength} characters.");
        }
        return string.IsNullOrEmpty(told) ? known : told;
    }
}
