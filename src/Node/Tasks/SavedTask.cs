using System.Text.Json.Serialization;
using Longspan.AgentLink;

namespace Longspan.Node.Tasks;

/// <summary>Where a container stands. Only moves forward, except that a restart policy may start a container again in place.</summary>
internal enum Stage
{
    None, Pulled, Created, Running, Stopped,
}

/// <summary>
/// A task as the node keeps it on disk: its definition without secrets, what is wanted, what is known, and the reports that the server
/// has not acknowledged. One file per task; written only by the task's runner.
/// </summary>
internal sealed class SavedTask
{
    /// <summary>Version of this file's format.</summary>
    public int Schema { get; set; } = 1;
    /// <summary>Order of acceptance on this node: the resource queue is first in, first out.</summary>
    public long Sequence { get; set; }
    public required AgentTask Task { get; init; }
    /// <summary>The ids under which the containers ask for credentials. The credentials themselves are not written here.</summary>
    public string? RoleCredentialsId { get; init; }
    public string? ExecutionCredentialsId { get; init; }
    public bool StopWanted { get; set; }
    /// <summary>The server asked for the stop; else the task ended by itself.</summary>
    public bool StopAsked { get; set; }
    public DateTimeOffset AcceptedAt { get; init; }
    public DateTimeOffset? PullStartedAt { get; set; }
    public DateTimeOffset? PullStoppedAt { get; set; }
    public DateTimeOffset? ExecutionStoppedAt { get; set; }
    public DateTimeOffset? StoppedAt { get; set; }
    /// <summary>A failure of the task as a whole.</summary>
    public string? Reason { get; set; }
    public string SentStatus { get; set; } = "";
    /// <summary><see cref="SentStatus"/> before the end was to be sent.</summary>
    public string SentBeforeEnd { get; set; } = "";
    /// <summary>How often it was started again while the server could not be reached, and the last cause: told at the next connect.</summary>
    public int AloneRestarts { get; set; }
    public string? LastAloneEnd { get; set; }
    /// <summary>How often in a row it ended soon after such a start: the pause grows with it.</summary>
    public int SoonEnds { get; set; }
    public List<SavedContainer> Containers { get; set; } = [];
    /// <summary>Engine names of task-scoped volumes by their names in the task.</summary>
    public Dictionary<string, string> Volumes { get; set; } = [];
    /// <summary>In order, oldest first.</summary>
    public List<TaskReport> Unsent { get; set; } = [];

    [JsonIgnore]
    public string Arn => Task.Arn!;
    [JsonIgnore]
    public string Id => Arn[(Arn.LastIndexOf('/') + 1)..];

    /// <summary>The minimum over the containers.</summary>
    [JsonIgnore]
    public Stage Known => Containers.Count == 0 ? (StopWanted ? Stage.Stopped : Stage.None) : Containers.Min(c => c.Stage);

    [JsonIgnore]
    public string KnownStatus => Wire(Known);

    public static string Wire(Stage stage) => stage switch
    {
        Stage.Running => "RUNNING",
        Stage.Stopped => "STOPPED",
        _ => "PENDING",
    };

    public SavedContainer Container(string name) => Containers.First(c => c.Name == name);

    public AgentContainer Definition(SavedContainer container) => Task.Containers!.First(c => c.Name == container.Name);
}

internal sealed class SavedContainer
{
    public required string Name { get; init; }
    /// <summary>Chosen before the engine is asked, so that a container made just before a crash is found again.</summary>
    public required string EngineName { get; init; }
    /// <summary>The id in the container's metadata address.</summary>
    public required string MetadataId { get; init; }
    public string? EngineId { get; set; }
    public Stage Stage { get; set; }
    /// <summary>It has ended and is to be started again: that the engine shows it as exited is no news.</summary>
    public bool StartDue { get; set; }
    /// <summary>It ran at least once.</summary>
    public bool Started { get; set; }
    public int? ExitCode { get; set; }
    public string? Reason { get; set; }
    public string? ImageId { get; set; }
    public string? ImageDigest { get; set; }
    public DateTimeOffset? CreatedAt { get; set; }
    public DateTimeOffset? StartedAt { get; set; }
    public DateTimeOffset? FinishedAt { get; set; }
    public int Restarts { get; set; }
    public List<ReportedBinding> Bindings { get; set; } = [];
    /// <summary>First host port of each port range, by <see cref="PortRange.Key"/>.</summary>
    public Dictionary<string, int> HostRanges { get; set; } = [];
    public string? Address { get; set; }
    public string? MacAddress { get; set; }
    /// <summary>What the server was last told (or will be, by an unsent report).</summary>
    public Stage ReportedStage { get; set; }

    [JsonIgnore]
    public Engines.HealthState Health { get; set; }
    [JsonIgnore]
    public DateTimeOffset? HealthSince { get; set; }
    [JsonIgnore]
    public string? HealthOutput { get; set; }
}

/// <summary>A state change on its way to SubmitTaskStateChange.</summary>
internal sealed record TaskReport
{
    public required string Status { get; init; }
    public string Reason { get; init; } = "";
    public IReadOnlyList<ContainerReport> Containers { get; init; } = [];
    public DateTimeOffset? PullStartedAt { get; init; }
    public DateTimeOffset? PullStoppedAt { get; init; }
    public DateTimeOffset? ExecutionStoppedAt { get; init; }
}

internal sealed record ContainerReport
{
    public required string Name { get; init; }
    public required string Status { get; init; }
    public int? ExitCode { get; init; }
    public string? Reason { get; init; }
    public string? RuntimeId { get; init; }
    public string? ImageDigest { get; init; }
    public IReadOnlyList<ReportedBinding> Bindings { get; init; } = [];
}

/// <param name="ContainerRange">For a port range, as <c>FIRST-LAST</c>; the ports are the range's first ones.</param>
internal sealed record ReportedBinding(
    string BindIp, int ContainerPort, int HostPort, string Protocol, string? ContainerRange = null, string? HostRange = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(SavedTask))]
internal sealed partial class SavedTaskJson : JsonSerializerContext;
