namespace Longspan.Services.SecretsManager.Documents;

/// <summary>
/// A rotation under way, or one that was given up. Scope <c>account/region</c>, name is the secret's. Written with the version that it is
/// to fill, deleted when that version is current.
/// </summary>
/// <param name="Suffix">Of the secret: a rotation of an earlier secret of the same name concerns nobody.</param>
/// <param name="Token">The version's id, and the token that the steps get.</param>
internal sealed record RotationDocument(string Suffix, string Token)
{
    /// <summary>The step that runs or comes next.</summary>
    public required string Step { get; init; }
    /// <summary>How often this step has been tried in vain.</summary>
    public int Failures { get; init; }
    /// <summary>Counts the tasks of this rotation, so that each is asked for under a token of its own.</summary>
    public int Runs { get; init; }
    /// <summary>The task of the step, once it runs, and since when.</summary>
    public string? TaskArn { get; init; }
    /// <summary>The container whose exit code decides.</summary>
    public string? Container { get; init; }
    /// <summary>The cluster that the task was placed in.</summary>
    public string? Cluster { get; init; }
    public DateTimeOffset? RunningSince { get; init; }
    /// <summary>Not before this time is the step tried again.</summary>
    public DateTimeOffset? RetryAt { get; init; }
    /// <summary>No further tries until somebody asks for the rotation again or the next window opens.</summary>
    public bool GaveUp { get; init; }
    public string? LastFailure { get; init; }

    public bool IsOf(SecretDocument secret) => Suffix == secret.Suffix;
}
