using System.Collections.Concurrent;
using Longspan.AgentLink;
using Longspan.Api.Shapes;
using Longspan.Node.Engines;
using Longspan.Node.Tasks;

namespace Longspan.Node.Control;

/// <summary>Logins for image pulls: what the payload asks for, and our own registry without being asked.</summary>
internal sealed class RegistryAccess(NodeSettings settings, ControlPlane server, ExecutionRole roles, TaskConfigurationSource configuration)
{
    private const int MaxLogins = 64;
    /// <summary>A login is used again until this long before it ends.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(30);
    private readonly ConcurrentDictionary<(string?, string?, string?, string?), (RegistryLogin Login, DateTimeOffset ExpiresAt)> _logins = new();

    public async Task<RegistryLogin?> FindAsync(SavedTask task, AgentContainer container, bool fresh, CancellationToken stop)
    {
        var host = ImageReference.Parse(container.Image!).Registry;
        var asked = container.RegistryAuthentication is { Type: "ecr" } authentication ? authentication.EcrAuthData ?? new AgentEcrAuth() : null;
        if (container.RegistryAuthentication is { Type: "asm", AsmAuthData: { } secret })
        {
            return await configuration.RegistryLoginAsync(task, secret, host ?? "", stop);
        }
        if (asked is null && (host is null || !IsOurs(host)))
        {
            return null;
        }
        try
        {
            var role = asked?.UseExecutionRole != true ? null : await roles.FindAsync(task, stop)
                ?? throw new TaskFault("CannotPullECRContainerError", "no execution role credentials for the task");
            var other = asked?.EndpointOverride is { Length: > 0 } text
                ? new Uri(text.Contains("://", StringComparison.Ordinal) ? text : "https://" + text) : null;
            var key = (other?.AbsoluteUri, asked?.Region, asked?.RegistryId, role is null ? null : task.ExecutionCredentialsId);
            if (!_logins.TryGetValue(key, out var known) || fresh || known.ExpiresAt - Margin < settings.Time.GetUtcNow())
            {
                known = await server.RegistryLoginAsync(other, asked?.Region, asked?.RegistryId, role, stop);
                if (_logins.Count >= MaxLogins)
                {
                    _logins.Clear();
                }
                _logins[key] = known;
            }
            return known.Login with { ServerAddress = host ?? known.Login.ServerAddress };
        }
        catch (Exception e) when (e is AwsError or HttpRequestException or IOException or OperationCanceledException or InvalidDataException or FormatException)
        {
            throw new EngineException(EngineFault.Other, $"no login for the registry: {e.Message}", e);
        }
    }

    /// <summary>Our registry answers on the API's own port, whatever name it goes by.</summary>
    private bool IsOurs(string host)
    {
        var name = host.Split(':');
        var port = name.Length > 1 ? name[1] : "443";
        return port == settings.Endpoint.Port.ToString()
            && (name[0] is "localhost" or "127.0.0.1" || name[0] == settings.Endpoint.Host || name[0].Contains(".dkr.ecr.", StringComparison.Ordinal));
    }
}
