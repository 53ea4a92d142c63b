using System.Security.Cryptography;
using System.Text;
using Longspan.Services.SecretsManager.Documents;

namespace Longspan.Services.SecretsManager.Rules;

/// <summary>What becomes of a rotation when a step ends or fails. The steps and their order are AWS's.</summary>
internal static class RotationSteps
{
    public const string Create = "createSecret";
    private const string Finish = "finishSecret";
    private const int MaximumTries = 8;
    private const int MaximumFailureLength = 200;
    private static readonly string[] s_steps = [Create, "setSecret", "testSecret", Finish];
    private static readonly TimeSpan s_firstPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMinutes(15);

    public static RotationDocument Begin(SecretDocument secret, string token) => new(secret.Suffix, token) { Step = Create };

    /// <summary>The step after the one that has just ended well; null after the last.</summary>
    public static RotationDocument? Next(RotationDocument rotation)
    {
        var next = Array.IndexOf(s_steps, rotation.Step) + 1;
        return next == s_steps.Length ? null : Idle(rotation) with { Step = s_steps[next], Failures = 0, LastFailure = null, RetryAt = null };
    }

    /// <summary>
    /// Why a step that its task ended well has not done its work all the same, or null. Found out here, the reason can be told; the following steps
    /// could only stumble over it.
    /// </summary>
    public static string? Missing(RotationDocument rotation, SecretDocument secret) => rotation.Step switch
    {
        Create when !secret.Versions[rotation.Token].HasValue => "the task put no value for the new version",
        Finish when secret.VersionOf(Stages.Current) != rotation.Token => "the task did not move AWSCURRENT to the new version",
        _ => null,
    };

    /// <summary>Another try after a pause that doubles each time, until it has been tried often enough.</summary>
    public static RotationDocument Failed(RotationDocument rotation, string reason, DateTimeOffset now)
    {
        var failures = rotation.Failures + 1;
        var pause = s_firstPause * Math.Pow(2, failures - 1);
        return Idle(rotation) with
        {
            Failures = failures,
            GaveUp = failures >= MaximumTries,
            RetryAt = now + (pause < s_longestPause ? pause : s_longestPause),
            LastFailure = $"{rotation.Step}: {(reason.Length > MaximumFailureLength ? reason[..MaximumFailureLength] : reason)}",
        };
    }

    /// <summary>Somebody asked for it again, or the next window opened.</summary>
    public static RotationDocument Again(RotationDocument rotation) => rotation with { GaveUp = false, Failures = 0, RetryAt = null };

    /// <summary>
    /// Names one run of one step: a task asked for twice under it, because a pass was cut off before it had noted the first, is started once.
    /// </summary>
    public static string RunToken(RotationDocument rotation) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{rotation.Suffix}/{rotation.Token}/{rotation.Step}/{rotation.Runs}")));

    private static RotationDocument Idle(RotationDocument rotation) => rotation with
    {
        TaskArn = null,
        Cluster = null,
        Container = null,
        RunningSince = null,
        Runs = rotation.Runs + 1,
    };
}
