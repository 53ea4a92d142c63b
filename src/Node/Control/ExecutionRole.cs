using Longspan.Node.Tasks;
using Longspan.Wire.Signing;

namespace Longspan.Node.Control;

/// <summary>The keys of tasks' execution roles.</summary>
internal sealed class ExecutionRole(CredentialStore credentials, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Null when the task has no such role, or its keys do not come: after a restart of the node the server sends them again, and that may be
    /// a moment after the task goes on.
    /// </summary>
    public async Task<AwsCredentials?> FindAsync(SavedTask task, CancellationToken stop)
    {
        for (var waited = TimeSpan.Zero; task.ExecutionCredentialsId is { } id && waited < Patience; waited += Look)
        {
            if (credentials.Get(id) is { } found)
            {
                return new AwsCredentials(found.AccessKeyId!, found.SecretAccessKey!, found.SessionToken);
            }
            await Task.Delay(Look, time, stop);
        }
        return null;
    }
}
