using System.Text.Json.Serialization;

namespace Longspan.Node.Logs;

/// <summary>Where a container's output goes; written once, when the container first runs.</summary>
internal sealed record LogTarget
{
    public const string FileName = "target.json";

    public required string Group { get; init; }
    public required string Stream { get; init; }
    public bool CreateGroup { get; init; }
    /// <summary>Names this spool to the server, which drops batches it has seen.</summary>
    public required string Producer { get; init; }
    public required string TaskArn { get; init; }
    public required string EngineName { get; init; }
    /// <summary>Set when deliveries are signed with the task's execution role for as long as the task is here.</summary>
    public string? CredentialsId { get; init; }

    public static LogTarget? From(Tasks.SavedTask task, Tasks.SavedContainer container)
    {
        var definition = task.Definition(container);
        if (Tasks.ContainerPlanner.LogOptions(definition) is not { } options || options.GetValueOrDefault("awslogs-group") is not { Length: > 0 } group)
        {
            return null;
        }
        var stream = options.GetValueOrDefault("awslogs-stream") is { Length: > 0 } named ? named
            : options.GetValueOrDefault("awslogs-stream-prefix") is { Length: > 0 } prefix ? $"{prefix}/{container.Name}/{task.Id}"
            : container.EngineId ?? container.EngineName;
        return new LogTarget
        {
            Group = group,
            Stream = stream,
            CreateGroup = string.Equals(options.GetValueOrDefault("awslogs-create-group"), "true", StringComparison.OrdinalIgnoreCase),
            Producer = container.MetadataId,
            TaskArn = task.Arn,
            EngineName = container.EngineName,
            CredentialsId = definition.LogsAuthStrategy == "ExecutionRole" ? task.ExecutionCredentialsId : null,
        };
    }
}

/// <summary>
/// How far reading and delivery are. Written before a batch is sent for the first time, so that a repetition after a crash has the same
/// number and the same content.
/// </summary>
internal sealed record LogProgress
{
    public const string FileName = "progress.json";

    public long Sequence { get; init; }
    public int Segment { get; init; } = 1;
    /// <summary>The batch under way; equal offsets mean that there is none.</summary>
    public long From { get; init; }
    public long To { get; init; }
    public long ReadTicks { get; init; }
    public int ReadCount { get; init; }
    /// <summary>Events dropped because the spool was full, ever.</summary>
    public long Lost { get; init; }

    [JsonIgnore]
    public ReadMark Read => new(new DateTimeOffset(ReadTicks, TimeSpan.Zero), ReadCount);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LogTarget))]
[JsonSerializable(typeof(LogProgress))]
internal sealed partial class LogJson : JsonSerializerContext;
