using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Docker.DotNet.Models;

namespace Longspan.Node.Engines.Docker;

/// <summary>The only place that knows both our types and the client library's.</summary>
internal static class DockerShapes
{
    public static CreateContainerParameters ToParameters(ContainerPlan plan, string node)
    {
        var config = Read<ContainerConfig>(plan.Config);
        config.Labels ??= new Dictionary<string, string>();
        config.Labels[EngineLabels.Node] = node;
        var parameters = new CreateContainerParameters(config) { Name = plan.Name, HostConfig = Read<HostConfig>(plan.HostConfig) };
        if (plan.Network is { } network)
        {
            parameters.HostConfig.NetworkMode = network;
            parameters.NetworkingConfig = new NetworkingConfig
            {
                EndpointsConfig = new Dictionary<string, EndpointSettings>
                {
                    [network] = new() { Aliases = [.. plan.Aliases], Links = [.. plan.Links] },
                },
            };
        }
        return parameters;
    }

    public static ContainerView ToView(ContainerInspectResponse found)
    {
        var state = found.State;
        var phase = ToPhase(state?.Status);
        var network = found.NetworkSettings?.Networks?.FirstOrDefault(n => n.Value.IPAddress is { Length: > 0 });
        return new ContainerView
        {
            Id = found.ID,
            Name = (found.Name ?? "").TrimStart('/'),
            Phase = phase,
            Image = found.Config?.Image ?? "",
            ImageId = found.Image ?? "",
            Labels = new Dictionary<string, string>(found.Config?.Labels ?? new Dictionary<string, string>()),
            ExitCode = phase == ContainerPhase.Exited ? (int?)state?.ExitCode : null,
            OomKilled = state?.OOMKilled ?? false,
            Error = state?.Error ?? "",
            CreatedAt = new DateTimeOffset(DateTime.SpecifyKind(found.Created, DateTimeKind.Utc)),
            StartedAt = Moment(state?.StartedAt),
            FinishedAt = phase == ContainerPhase.Exited ? Moment(state?.FinishedAt) : null,
            Health = state?.Health?.Status switch
            {
                "healthy" => HealthState.Healthy,
                "unhealthy" => HealthState.Unhealthy,
                "starting" => HealthState.Starting,
                _ => HealthState.None,
            },
            HealthOutput = state?.Health?.Log?.LastOrDefault()?.Output,
            Ports = [.. Ports(found.NetworkSettings?.Ports)],
            NetworkName = network?.Key,
            IpAddress = network?.Value?.IPAddress,
            MacAddress = network?.Value?.MacAddress,
            Mounts = [.. (found.Mounts ?? []).Select(m => new MountView(m.Name, m.Source ?? "", m.Destination ?? ""))],
        };
    }

    public static ContainerPhase ToPhase(string? status) => status switch
    {
        "created" => ContainerPhase.Created,
        "running" or "paused" or "restarting" => ContainerPhase.Running,
        _ => ContainerPhase.Exited,
    };

    private static IEnumerable<PortView> Ports(IDictionary<string, IList<PortBinding>>? ports)
    {
        foreach (var (key, bindings) in ports ?? new Dictionary<string, IList<PortBinding>>())
        {
            var slash = key.IndexOf('/', StringComparison.Ordinal);
            var port = int.Parse(slash < 0 ? key : key[..slash], CultureInfo.InvariantCulture);
            var protocol = slash < 0 ? "tcp" : key[(slash + 1)..];
            foreach (var binding in bindings ?? [])
            {
                if (int.TryParse(binding.HostPort, CultureInfo.InvariantCulture, out var host))
                {
                    yield return new PortView(port, protocol, binding.HostIP ?? "", host);
                }
            }
        }
    }

    private static DateTimeOffset? Moment(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at)
            && at.Year > 1 ? at : null;

    /// <summary>The library's shapes carry their wire names and converters as attributes; one call per created container.</summary>
    private static T Read<T>(JsonObject json)
        where T : new()
    {
        try
        {
            return json.Deserialize<T>(s_options) ?? new T();
        }
        catch (JsonException e)
        {
            throw new EngineException(EngineFault.Other, $"the container's settings are not what the engine takes: {e.Message}", e);
        }
    }

    private static readonly JsonSerializerOptions s_options = new() { Converters = { new Nanoseconds() } };

    /// <summary>Durations are nanoseconds on the engine's wire; the library converts them in its own serializer only.</summary>
    private sealed class Nanoseconds : System.Text.Json.Serialization.JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            TimeSpan.FromTicks(reader.GetInt64() / TimeSpan.NanosecondsPerTick);

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(value.Ticks * TimeSpan.NanosecondsPerTick);
    }
}
