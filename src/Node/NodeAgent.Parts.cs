using System.Net;
using System.Text;
using Longspan.Node.Control;
using Longspan.Node.Endpoints;
using Longspan.Node.Engines;
using Longspan.Node.Injection;
using Longspan.Node.Logs;
using Longspan.Node.State;
using Longspan.Node.Tasks;
using Microsoft.Extensions.Logging;

namespace Longspan.Node;

public sealed partial class NodeAgent
{
    private const string PortFile = "metadata-port";

    private LogDelivery MakeOutputs(CancellationToken stop) =>
        new(_state, _engine, _settings, KeysAsync, _credentials, _handler, _log, stop);

    private TaskEngine MakeTasks(
        ControlPlane server, InstanceRegistration registration, EngineDescription description, string baseUrl, StateReporter reporter,
        OutputSink outputs)
    {
        var roles = new ExecutionRole(_credentials, _settings.Time);
        var configuration = new TaskConfigurationSource(server, roles, _settings.Region, _settings.Time);
        var logins = new RegistryAccess(_settings, server, roles, configuration);
        var context = new TaskRunnerContext
        {
            Engine = _engine,
            Planner = new ContainerPlanner(_settings, new ContainerEndpoints(baseUrl), _containerTrust),
            Images = new ImageSource(_engine, _settings.PullBehavior, logins.FindAsync, _settings.Time, _log),
            Volumes = new TaskVolumes(_engine),
            Configuration = new TaskConfiguration(_state, configuration.FetchAsync),
            Cgroups = TaskCgroups.Find(description, _settings, _log),
            PublishAddress = _settings.PublishAddress,
            Outputs = outputs,
            Time = _settings.Time,
            Log = _log,
            StopTimeout = _settings.StopTimeout,
            CleanupWait = _settings.CleanupWait,
            IsCutOff = () => _link.IsCutOff,
            Ended = static _ => { },
            Forgotten = static _ => { },
        };
        var gate = new ResourceGate(registration.CpuOf(description), registration.MemoryOf(description), _settings.ReservedPorts);
        return new TaskEngine(_state, context, gate, _credentials, reporter.Announce);
    }

    /// <summary>Opens the listener for containers and makes it reachable.</summary>
    /// <returns>The base URL that containers use.</returns>
    private async Task<string> OpenEndpointsAsync(CancellationToken stop)
    {
        var name = _settings.Network ?? "bridge";
        var network = await _engine.InspectNetworkAsync(name, stop);
        if (network is null && _settings.Network is not null)
        {
            throw new IOException($"the container network {name} does not exist; create it first");
        }
        var bind = _settings.MetadataBind
            ?? new IPEndPoint(IPAddress.TryParse(network?.Gateway, out var gateway) ? gateway : IPAddress.Loopback, 0);
        var listener = await ListenAsync(bind, stop);
        switch (_settings.MetadataAccess)
        {
            case MetadataAccess.Prepared:
                return ContainerEndpoints.LinkLocal;
            case MetadataAccess.Address:
                return $"http://{listener}";
        }
        var fault = _settings.Engine == EngineKind.Fake ? "the fake engine has no network"
            : network is null ? "the engine has no bridge" : await _redirect.InstallAsync(network, listener, stop);
        if (fault is null)
        {
            _redirected = true;
            return ContainerEndpoints.LinkLocal;
        }
        if (_settings.MetadataAccess == MetadataAccess.Redirect)
        {
            throw new IOException($"cannot redirect the metadata address: {fault}");
        }
        if (_settings.Engine != EngineKind.Fake)
        {
            _log.LogWarning("Containers get no AWS credentials from this node: {Fault}", fault);
        }
        return $"http://{listener}";
    }

    /// <summary>Takes the port of the last run again when it is free: running containers may hold it in their environment.</summary>
    private async Task<IPEndPoint> ListenAsync(IPEndPoint bind, CancellationToken stop)
    {
        var path = _state.File(PortFile);
        IPEndPoint? listener = null;
        if (bind.Port == 0 && File.Exists(path) && int.TryParse(await File.ReadAllTextAsync(path, stop), out var port))
        {
            try
            {
                listener = await _endpoints.StartAsync(new IPEndPoint(bind.Address, port), stop);
            }
            catch (IOException)
            {
                // Taken by somebody else meanwhile.
            }
        }
        listener ??= await _endpoints.StartAsync(bind, stop);
        StateFolder.Write(path, Encoding.ASCII.GetBytes(listener.Port.ToString()));
        return listener;
    }
}
