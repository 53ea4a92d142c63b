using System.Text;
using Longspan.AgentLink;
using Longspan.Api.Shapes;
using Longspan.Node.Engines;
using Longspan.Node.Injection;
using Longspan.Node.State;
using Longspan.Node.Tasks;
using Longspan.Wire.Signing;

namespace Longspan.Node.Control;

/// <summary>
/// Fetches the secrets and environment files of a task from the server, signed with the task's execution role: what the role may not read, the
/// task does not get. A server that cannot be reached is asked again for a while; every other failure is the task's end.
/// </summary>
internal sealed class TaskConfigurationSource(ControlPlane server, ExecutionRole roles, string region, TimeProvider time)
{
    private const int NamesPerCall = 10;
    private const string LogDriver = "LOG_DRIVER";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public async Task<InjectedValues> FetchAsync(SavedTask task, CancellationToken stop)
    {
        var role = await roles.FindAsync(task, stop) ?? throw Fault(Faults.Role);
        var containers = task.Task.Containers!.Where(TaskConfiguration.IsNeeded).ToList();
        var secrets = containers.SelectMany(c => c.Secrets ?? []).ToList();
        var values = new Dictionary<(string Region, string ValueFrom), string>();
        await ParametersAsync(secrets.Where(s => s.Provider != "asm"), role, values, stop);
        await SecretsAsync(secrets.Where(s => s.Provider == "asm"), role, values, stop);
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var arn in containers.SelectMany(c => c.EnvironmentFiles ?? []).Select(f => f.Value ?? "").Distinct(StringComparer.Ordinal))
        {
            files[arn] = await FileAsync(arn, role, stop);
        }
        return new InjectedValues { Containers = containers.ToDictionary(c => c.Name!, c => Of(c, values, files), StringComparer.Ordinal) };
    }

    private ContainerValues Of(AgentContainer container, Dictionary<(string, string), string> values, Dictionary<string, string> files)
    {
        var result = new ContainerValues();
        foreach (var secret in container.Secrets ?? [])
        {
            (secret.Target == LogDriver ? result.LogOptions : result.Secrets)[secret.Name!] = values[(RegionOf(secret), secret.ValueFrom!)];
        }
        foreach (var file in container.EnvironmentFiles ?? [])
        {
            EnvironmentFile.Read(files[file.Value ?? ""], result.FromFiles);
        }
        return result;
    }

    private async Task ParametersAsync(
        IEnumerable<AgentSecret> secrets, AwsCredentials role, Dictionary<(string, string), string> values, CancellationToken stop)
    {
        foreach (var inRegion in secrets.GroupBy(RegionOf, s => s.ValueFrom ?? "", StringComparer.Ordinal))
        {
            foreach (var names in inRegion.Distinct(StringComparer.Ordinal).Chunk(NamesPerCall))
            {
                var answer = await CallAsync(Faults.Parameters, s => server.ParametersAsync(names, inRegion.Key, role, s), stop);
                var missing = answer.InvalidParameters ?? [];
                foreach (var name in names.Except(missing, StringComparer.Ordinal))
                {
                    // A parameter may be asked for by its name or ARN, and a version or label of it by what is put behind.
                    var found = (answer.Parameters ?? []).FirstOrDefault(p => name == p.Name + p.Selector || name == p.ARN + p.Selector);
                    values[(inRegion.Key, name)] = found?.Value ?? throw NotFound([name]);
                }
                if (missing.Count > 0)
                {
                    throw NotFound(missing);
                }
            }
        }
    }

    // Several keys of one secret are one call.
    private async Task SecretsAsync(
        IEnumerable<AgentSecret> secrets, AwsCredentials role, Dictionary<(string, string), string> values, CancellationToken stop)
    {
        var texts = new Dictionary<(string, SecretReference), string>();
        foreach (var secret in secrets)
        {
            var reference = SecretReference.Parse(secret.ValueFrom ?? "");
            var place = (RegionOf(secret), reference with { JsonKey = null });
            if (!texts.TryGetValue(place, out var text))
            {
                text = await CallAsync(
                    Faults.Secret, s => server.SecretAsync(reference, RegionOf(secret), role, s), stop,
                    $"failed to fetch secret {reference.SecretId} from secrets manager: ");
                texts[place] = text;
            }
            values[(RegionOf(secret), secret.ValueFrom!)] = reference.Select(text);
        }
    }

    /// <summary>The login for an image of somebody else's registry: a secret with <c>username</c> and <c>password</c>.</summary>
    public async Task<RegistryLogin> RegistryLoginAsync(SavedTask task, AgentAsmAuth secret, string host, CancellationToken stop)
    {
        var role = await roles.FindAsync(task, stop) ?? throw Fault(Faults.Role);
        var name = secret.CredentialsParameter ?? "";
        var text = await CallAsync(
            Faults.RegistryLogin, s => server.SecretAsync(new SecretReference(name, null, null, null), secret.Region ?? region, role, s), stop,
            $"asm fetching secret from the service for {name}: ");
        return new RegistryLogin(host, Member("username"), Member("password"));

        string Member(string key) => new SecretReference(name, key, null, null).Select(text);
    }

    private async Task<string> FileAsync(string arn, AwsCredentials role, CancellationToken stop)
    {
        var (bucket, key) = EnvironmentFile.Locate(arn);
        return Encoding.UTF8.GetString(await CallAsync(Faults.Files, s => server.Objects.ObjectAsync(bucket, key, role, s), stop));
    }

    private async Task<T> CallAsync<T>(string failing, Func<CancellationToken, Task<T>> call, CancellationToken stop, string about = "")
    {
        var began = time.GetTimestamp();
        var backoff = new Backoff(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(10));
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call(stop);
            }
            catch (Exception e) when (!stop.IsCancellationRequested && (e is AwsError || ControlPlane.IsTransient(e)))
            {
                if (!ControlPlane.IsTransient(e) || time.GetElapsedTime(began) > Patience)
                {
                    var text = e is AwsError error ? $"{error.Code}: {error.Message}" : $"RequestError: send request failed caused by: {e.Message}";
                    throw Fault($"{failing}service call has been retried {attempt} time(s): {about}{text}");
                }
                await Task.Delay(backoff.Next(), time, stop);
            }
        }
    }

    private string RegionOf(AgentSecret secret) => secret.Region is { Length: > 0 } named ? named : region;

    private static TaskFault NotFound(IEnumerable<string> names) =>
        Fault($"{Faults.Parameters}service call has been retried 1 time(s): invalid ssm parameters: {string.Join(", ", names)}");

    private static TaskFault Fault(string text) => new("ResourceInitializationError", text);
}
