using System.Collections.Concurrent;
using Longspan.AgentLink;

namespace Longspan.Node.Tasks;

/// <summary>
/// Role credentials of live tasks, in memory only. Served until replaced or the task is gone, even past their expiry: whoever uses them
/// hears from the server that they are too old, which says more than an error here.
/// </summary>
/// <param name="offline">What stands in for them during a cut.</param>
internal sealed class CredentialStore(OfflineGrants offline)
{
    private readonly ConcurrentDictionary<string, IAMRoleCredentials> _byId = new(StringComparer.Ordinal);

    public OfflineGrants Offline => offline;

    public void Put(IAMRoleCredentials credentials)
    {
        if (credentials.IsComplete)
        {
            _byId[credentials.CredentialsId!] = credentials;
        }
    }

    public IAMRoleCredentials? Get(string? id) => id is null ? null : _byId.GetValueOrDefault(id);

    /// <summary>When these keys end; null when they are not here, or do not say.</summary>
    public DateTimeOffset? ExpiryOf(string? id) =>
        DateTimeOffset.TryParse(Get(id)?.Expiration, System.Globalization.CultureInfo.InvariantCulture, out var expires) ? expires : null;

    public void Remove(string? id)
    {
        if (id is not null)
        {
            _byId.TryRemove(id, out _);
        }
    }
}
