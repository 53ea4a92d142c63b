using System.Text.Json;
using System.Text.Json.Nodes;

namespace Longspan.Core.Tests.Ecs.AgentDouble;

/// <summary>§3.5: what the agent does when a session has ended.</summary>
internal enum Pause
{
    None, Backoff, Hour,
}

// The control socket: §3.
internal sealed partial class AmazonAgent
{
    private readonly List<(string Type, JsonElement Body)> _received = [];
    private readonly Dictionary<string, JsonElement> _credentials = new(StringComparer.Ordinal);
    private RawSocket? _control;
    private Task _controlLoop = Task.CompletedTask;
    private bool _sendCredentials = true;
    private string? _manifestId;

    /// <summary>§3.11: raised by payloads and manifests; 0 on a fresh agent.</summary>
    public long StoredNumber { get; private set; }
    public SessionEnd? ControlEnd { get; private set; }
    /// <summary>Acknowledges payloads; a test may hold that back, as a slow agent would.</summary>
    public bool AcknowledgesPayloads { get; set; } = true;
    public bool AcknowledgesHeartbeats { get; set; } = true;
    public bool AcknowledgesCredentials { get; set; } = true;

    public IReadOnlyList<JsonElement> Received(string type)
    {
        lock (_gate)
        {
            return [.. _received.Where(r => r.Type == type).Select(r => r.Body)];
        }
    }

    public static Pause PauseAfter(SessionEnd end) => end.Code is 1000 or 1001 or 1011 or 1006 ? Pause.None
        : end.Reason.Contains("InactiveInstanceException", StringComparison.Ordinal) ? Pause.Hour : Pause.Backoff;

    /// <summary>The keys of a task's container, by the id in its environment.</summary>
    public JsonElement? CredentialsOf(string id)
    {
        lock (_gate)
        {
            return _credentials.TryGetValue(id, out var found) ? found : null;
        }
    }

    public string ControlTarget(string? arn = null) => Endpoint("endpoint").AbsolutePath + "?" + SpecSigner.Query(
    [
        ("agentHash", Settings.Release.Hash), ("agentVersion", Settings.Release.Version), ("clusterArn", Settings.Cluster),
        ("containerInstanceArn", arn ?? Arn!), ("dockerVersion", "DockerVersion: " + Settings.DockerVersion),
        .. Settings.Release.ProtocolVersion is { } version ? [("protocolVersion", version.ToString())] : Array.Empty<(string, string)>(),
        ("sendCredentials", _sendCredentials ? "true" : "false"), ("seqNum", "1"),
    ]);

    /// <summary>A signed handshake with any of the two sockets.</summary>
    public Task<RawSocket> OpenAsync(string target, SigningKeys? keys = null, int window = 0)
    {
        var split = target.IndexOf('?', StringComparison.Ordinal);
        return RawSocket.OpenAsync(Settings.Backend, target, SignedHeaders(target[..split], target[(split + 1)..], default, keys ?? Settings.Keys), window);
    }

    private List<KeyValuePair<string, string>> SignedHeaders(string path, string query, ReadOnlySpan<byte> payload, SigningKeys keys)
    {
        var timestamp = SpecSigner.Timestamp(Settings.Clock.GetUtcNow());
        var signed = new List<KeyValuePair<string, string>> { new("host", Settings.Backend.Authority), new("x-amz-date", timestamp) };
        if (keys.Token is not null)
        {
            signed.Add(new("x-amz-security-token", keys.Token));
        }
        var authorization = SpecSigner.Sign("GET", path, query, signed, payload, keys, Settings.Region, "ecs", timestamp);
        var headers = new List<KeyValuePair<string, string>>
        {
            new("Authorization", authorization), new("Host", Settings.Backend.Authority), new("X-Amz-Date", timestamp),
        };
        if (keys.Token is not null)
        {
            headers.Add(new("X-Amz-Security-Token", keys.Token));
        }
        return headers;
    }

    /// <summary>§3.1. Throws <see cref="HandshakeRefusedException"/> when the server does not answer 101.</summary>
    public async Task ConnectControlAsync()
    {
        var socket = await OpenAsync(ControlTarget());
        _sendCredentials = false;
        ControlEnd = null;
        _control = socket;
        _controlLoop = Task.Run(() => ControlAsync(socket));
    }

    /// <summary>§3.5: a reconnect dials the cached address and registers nothing.</summary>
    public async Task ReconnectAsync()
    {
        await DropAsync();
        Heal();
        await DiscoverAsync();
        var manifests = Received("TaskManifestMessage").Count;
        await ConnectControlAsync();
        await UntilReceivedAsync("TaskManifestMessage", manifests + 1);
        await ConnectTelemetryAsync();
    }

    /// <summary>Returns when the server has read everything that was sent before: it answers a verification without candidates in its turn.</summary>
    public async Task UntilHeardAsync()
    {
        var answers = Received("TaskStopVerificationAck").Count;
        await SendControlAsync("TaskStopVerificationMessage", new JsonObject { ["messageId"] = _manifestId, ["stopCandidates"] = new JsonArray() });
        await UntilReceivedAsync("TaskStopVerificationAck", answers + 1);
    }

    private async Task ControlAsync(RawSocket socket)
    {
        try
        {
            while (await socket.ReceiveAsync(end => ControlEnd = end) is { } frame)
            {
                var faults = ServerMessages.FaultsOf(frame, ServerMessages.Control, "§3.6", out var type, out var body);
                faults.ForEach(Fault);
                if (faults.Count > 0)
                {
                    continue;
                }
                lock (_gate)
                {
                    _received.Add((type, body));
                }
                await AnswerAsync(socket, type, body);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or System.Net.Sockets.SocketException)
        {
            ControlEnd ??= new SessionEnd(1006, e.Message);
        }
        catch (Exception e)
        {
            Fault($"the double failed: {e}");
        }
    }

    private async Task AnswerAsync(RawSocket socket, string type, JsonElement body)
    {
        var id = body.GetProperty("messageId").GetString()!;
        switch (type)
        {
            case "HeartbeatMessage":
                if (Settings.Release.ProtocolVersion >= 2 && AcknowledgesHeartbeats)
                {
                    await SendAsync(socket, "HeartbeatAckRequest", new JsonObject { ["messageId"] = id });
                }
                try
                {
                    await InstanceStatusAsync();
                }
                catch (Exception e) when (e is IOException or ObjectDisposedException)
                {
                    // The other socket is away; that is no matter of this one's.
                }
                break;
            case "PayloadMessage":
                await TakePayloadAsync(socket, id, body);
                break;
            case "IAMRoleCredentialsMessage":
                var keys = body.GetProperty("roleCredentials");
                Store(keys);
                // §3.12: keys of an unknown task are stored and not acknowledged.
                if (Knows(body.GetProperty("taskArn").GetString()!))
                {
                    await AcknowledgeKeysAsync(socket, id, keys);
                }
                break;
            case "TaskManifestMessage" when Settings.Release.KnowsManifests:
                await CompareAsync(socket, id, body);
                break;
            case "TaskStopVerificationAck" when Settings.Release.KnowsManifests:
                if (id == _manifestId)
                {
                    foreach (var task in body.GetProperty("stopTasks").EnumerateArray())
                    {
                        StopTask(task.GetProperty("taskArn").GetString()!);
                    }
                }
                break;
        }
    }

    private async Task TakePayloadAsync(RawSocket socket, string id, JsonElement payload)
    {
        if (payload.TryGetProperty("seqNum", out var number))
        {
            StoredNumber = Math.Max(StoredNumber, number.GetInt64());
        }
        if (AcknowledgesPayloads)
        {
            await SendAsync(socket, "AckRequest", new JsonObject
            {
                ["cluster"] = payload.GetProperty("clusterArn").GetString(),
                ["containerInstance"] = payload.GetProperty("containerInstanceArn").GetString(),
                ["messageId"] = id,
            });
        }
        // §3.7.3: what is to stop comes first.
        foreach (var task in payload.GetProperty("tasks").EnumerateArray().OrderBy(t => t.GetProperty("desiredStatus").GetString() == "RUNNING"))
        {
            foreach (var name in new[] { "roleCredentials", "executionRoleCredentials" })
            {
                if (task.TryGetProperty(name, out var keys))
                {
                    Store(keys);
                    await AcknowledgeKeysAsync(socket, id, keys);
                }
            }
            Take(task);
        }
    }

    private void Store(JsonElement keys)
    {
        lock (_gate)
        {
            _credentials[keys.GetProperty("credentialsId").GetString()!] = keys;
        }
    }

    private async Task AcknowledgeKeysAsync(RawSocket socket, string messageId, JsonElement keys)
    {
        if (AcknowledgesCredentials)
        {
            await SendAsync(socket, "IAMRoleCredentialsAckRequest", new JsonObject
            {
                ["credentialsId"] = keys.GetProperty("credentialsId").GetString(), ["expiration"] = keys.GetProperty("expiration").GetString(),
                ["messageId"] = messageId,
            });
        }
    }

    // §3.11
    private async Task CompareAsync(RawSocket socket, string id, JsonElement manifest)
    {
        var timeline = manifest.GetProperty("timeline").GetInt64();
        if (timeline <= StoredNumber)
        {
            Fault($"§3.11: manifest {timeline} is not newer than {StoredNumber}; the agent discards it in silence");
            return;
        }
        (StoredNumber, _manifestId) = (timeline, id);
        await SendAsync(socket, "AckRequest", new JsonObject
        {
            ["cluster"] = manifest.GetProperty("clusterArn").GetString(),
            ["containerInstance"] = manifest.GetProperty("containerInstanceArn").GetString(),
            ["messageId"] = id,
        });
        var listed = manifest.GetProperty("tasks").EnumerateArray()
            .Where(t => t.GetProperty("desiredStatus").GetString() == "RUNNING").Select(t => t.GetProperty("taskArn").GetString()!).ToHashSet();
        var candidates = WantedToRun().Where(arn => !listed.Contains(arn)).ToArray();
        if (candidates.Length > 0)
        {
            await SendAsync(socket, "TaskStopVerificationMessage", new JsonObject
            {
                ["messageId"] = id,
                ["stopCandidates"] = new JsonArray([.. candidates.Select(arn => new JsonObject
                {
                    ["desiredStatus"] = "STOPPED", ["taskArn"] = arn, ["taskClusterArn"] = manifest.GetProperty("clusterArn").GetString(),
                })]),
            });
        }
    }

    public Task SendControlAsync(string type, JsonObject message) => SendAsync(_control!, type, message);

    public RawSocket Control => _control!;

    private static Task SendAsync(RawSocket socket, string type, JsonObject message) =>
        socket.SendTextAsync(new JsonObject { ["type"] = type, ["message"] = message }.ToJsonString());

    /// <summary>§3.4: the agent's own goodbye after half an hour. The server must answer it.</summary>
    public async Task<SessionEnd> ExpireAsync()
    {
        await _control!.SendCloseAsync(1000, "ConnectionExpired: Reconnect to continue");
        await _controlLoop.WaitAsync(Patience);
        return ControlEnd!;
    }

    public async Task<SessionEnd> UntilControlEndsAsync()
    {
        await _controlLoop.WaitAsync(Patience);
        return ControlEnd!;
    }

    /// <summary>Ends both connections without a word.</summary>
    public async Task DropAsync()
    {
        _control?.Abort();
        _telemetry?.Abort();
        await Task.WhenAll(_controlLoop, _telemetryLoop).WaitAsync(Patience);
    }

    public Task<IReadOnlyList<JsonElement>> UntilReceivedAsync(string type, int count) =>
        EcsCloud.UntilAsync($"{count} {type}", () => Task.FromResult(Received(type)), r => r.Count >= count, r => $"{r.Count} among {Types()}; {string.Join("; ", _faults)}");

    private string Types()
    {
        lock (_gate)
        {
            return string.Join(", ", _received.Select(r => r.Type));
        }
    }
}
