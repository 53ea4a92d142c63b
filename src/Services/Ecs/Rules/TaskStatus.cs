namespace Longspan.Services.Ecs.Rules;

/// <summary>The states of a task in the order in which it goes through them. A report can move a task forward only.</summary>
internal static class TaskStatus
{
    public const string Provisioning = "PROVISIONING";
    public const string Pending = "PENDING";
    public const string Activating = "ACTIVATING";
    public const string Running = "RUNNING";
    public const string Deactivating = "DEACTIVATING";
    public const string Stopping = "STOPPING";
    public const string Deprovisioning = "DEPROVISIONING";
    public const string Stopped = "STOPPED";

    private static readonly string[] Order =
        [Provisioning, Pending, Activating, Running, Deactivating, Stopping, Deprovisioning, Stopped];

    /// <summary>The later of the two; a state that we do not know counts as the earliest.</summary>
    public static string Later(string known, string? reported) =>
        reported is not null && Array.IndexOf(Order, reported) > Array.IndexOf(Order, known) ? reported : known;

    public static bool IsBefore(string status, string other) => Array.IndexOf(Order, status) < Array.IndexOf(Order, other);
}

/// <summary>Why a task stopped, as <c>stopCode</c> tells it.</summary>
internal static class StopCodes
{
    public const string FailedToStart = "TaskFailedToStart";
    public const string EssentialContainerExited = "EssentialContainerExited";
    public const string UserInitiated = "UserInitiated";
    public const string ServiceScheduler = "ServiceSchedulerInitiated";
    public const string TerminationNotice = "TerminationNotice";
}

internal static class LaunchTypes
{
    public const string Ec2 = "EC2";
    public const string Fargate = "FARGATE";
    public const string External = "EXTERNAL";
    public static readonly string[] All = [Ec2, Fargate, External];
    public const string FargatePlatform = "1.4.0";
}
