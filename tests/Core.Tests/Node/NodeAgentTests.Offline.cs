using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Longspan.AgentLink;
using Xunit;

namespace Longspan.Core.Tests.Node;

public sealed partial class NodeAgentTests
{
    private static readonly DateTimeOffset Past = TimeProvider.System.GetUtcNow().AddHours(-1);

    private static OfflineCredentialsMessage Offline(string task, string key, DateTimeOffset usableFrom, string id = "cid", string expiration = "2099-01-01T00:00:00Z") => new()
    {
        TaskArn = TaskBench.Arn(task), UsableFrom = (usableFrom - DateTimeOffset.UnixEpoch).TotalSeconds,
        RoleCredentials = Keys(id, key) with { Expiration = expiration },
    };

    /// <summary>
    /// A running task whose usual keys end then, and a way to ask for its keys. Beside it is one that has offline keys: by what it gets, the
    /// test sees whether the node knows that it is cut off.
    /// </summary>
    private async Task<(FakeSocket Socket, Func<string, Task<string?>> Key)> TaskWithKeysAsync(DateTimeOffset end)
    {
        var port = FreePort();
        Start(Settings with { MetadataBind = new IPEndPoint(IPAddress.Loopback, port) });
        var socket = await _plane.ConnectedAsync();
        await socket.SendAsync(Payload(
            "m1", 1, TaskBench.Task("a") with { RoleCredentials = Keys("cid", "USUAL") with { Expiration = $"{end:yyyy-MM-ddTHH:mm:ssZ}" } },
            TaskBench.Task("sign") with { RoleCredentials = Keys("sign", "ON") with { Expiration = $"{Past:yyyy-MM-ddTHH:mm:ssZ}" } }));
        await StateAsync("a", "RUNNING");
        await StateAsync("sign", "RUNNING");
        await socket.SendAsync(Offline("sign", "OFF", Past, id: "sign"));
        return (socket, KeyAsync);

        async Task<string?> KeyAsync(string id)
        {
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            return (string?)(await http.GetFromJsonAsync<JsonObject>($"/v2/credentials/{id}"))!["AccessKeyId"];
        }
    }

    // Frames are answered in their order.
    private static async Task SeenAsync(FakeSocket socket)
    {
        await socket.SendAsync(new HeartbeatMessage { MessageId = "seen", Healthy = true });
        await socket.ReceivedAsync<HeartbeatAckRequest>();
    }

    /// <summary>What the task gets in a cut.</summary>
    private async Task<string?> CutOffAsync(FakeSocket socket, Func<string, Task<string?>> key)
    {
        await SeenAsync(socket);
        _plane.IsDown = true;
        socket.Abort();
        await SoonAsync("cut off", async () => await key("sign") == "OFF");
        return await key("cid");
    }

    private async Task<(FakeSocket Socket, NodeTaskReport Report)> BackAsync()
    {
        _plane.IsDown = false;
        var socket = await _plane.ConnectedAsync();
        return (socket, (await socket.ReceivedAsync<NodeReportMessage>()).Tasks!.Single(t => t.TaskArn == TaskBench.Arn("a")));
    }

    [Fact]
    public async Task Offline_keys_are_served_only_while_cut_off_and_are_told_of_once()
    {
        var (socket, key) = await TaskWithKeysAsync(Past);
        await socket.SendAsync(Offline("a", "OFFLINE", Past));
        await SeenAsync(socket);
        Assert.Equal("USUAL", await key("cid"));
        Assert.Equal("OFFLINE", await CutOffAsync(socket, key));
        (socket, var told) = await BackAsync();
        Assert.True(told.OfflineCredentialsSince > (Past - DateTimeOffset.UnixEpoch).TotalSeconds);
        Assert.Equal((true, null), (told.HasOfflineCredentials, told.CredentialsExpiredAt));
        await SoonAsync("usual again", async () => await key("cid") == "USUAL");

        socket.Abort();
        (_, told) = await BackAsync();
        Assert.Null(told.OfflineCredentialsSince);
        Assert.NotNull(told.CredentialsExpiredAt);
    }

    [Fact]
    public async Task Keys_that_still_hold_stay()
    {
        var (socket, key) = await TaskWithKeysAsync(TimeProvider.System.GetUtcNow().AddHours(1));
        await socket.SendAsync(Offline("a", "OFFLINE", Past));
        Assert.Equal("USUAL", await CutOffAsync(socket, key));
    }

    [Fact]
    public async Task What_is_not_the_tasks_not_yet_of_use_over_or_taken_back_is_not_served()
    {
        var (socket, key) = await TaskWithKeysAsync(Past);
        await socket.SendAsync(Offline("a", "EARLY", TimeProvider.System.GetUtcNow().AddHours(1)));
        await socket.SendAsync(Offline("a", "OTHER", Past, id: "sign"));
        await socket.SendAsync(Offline("b", "STRANGE", Past));
        Assert.Equal("USUAL", await CutOffAsync(socket, key));
        (socket, _) = await BackAsync();
        await socket.SendAsync(Offline("a", "OVER", Past.AddHours(-2), expiration: $"{Past:yyyy-MM-ddTHH:mm:ssZ}"));
        Assert.Equal("USUAL", await CutOffAsync(socket, key));
        (socket, _) = await BackAsync();
        await socket.SendAsync(Offline("a", "OFFLINE", Past));
        await socket.SendAsync(new OfflineCredentialsMessage { TaskArn = TaskBench.Arn("a") });
        Assert.Equal("USUAL", await CutOffAsync(socket, key));
        (_, var told) = await BackAsync();
        Assert.Null(told.HasOfflineCredentials);
    }

    [Fact]
    public async Task They_are_sealed_on_disk_outlast_a_restart_and_open_in_their_own_place_only()
    {
        var (socket, _) = await TaskWithKeysAsync(Past);
        await socket.SendAsync(Offline("a", "OFFLINE", Past));
        await SeenAsync(socket);
        var folder = Path.Combine(_folder, "offline");
        var files = Directory.GetFiles(folder);
        Assert.Equal(2, files.Length);
        foreach (var file in files)
        {
            Assert.DoesNotContain("OFF", await File.ReadAllTextAsync(file), StringComparison.Ordinal);
        }
        await StopAsync();
        // Another task's does not open here.
        var own = files.Single(f => Path.GetFileName(f).StartsWith("sign", StringComparison.Ordinal));
        File.Copy(files.Single(f => f != own), own, overwrite: true);
        Start();
        var tasks = (await (await _plane.ConnectedAsync()).ReceivedAsync<NodeReportMessage>()).Tasks!.ToDictionary(t => t.TaskArn!, t => t.HasOfflineCredentials);
        Assert.Equal((true, null), (tasks[TaskBench.Arn("a")], tasks[TaskBench.Arn("sign")]));
    }
}
