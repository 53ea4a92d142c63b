using System.Text;
using System.Text.Json.Nodes;
using Longspan.AgentLink;
using Xunit;

namespace Longspan.Core.Tests.Node;

/// <summary>The agent protocol on the wire: names as other agents expect them, and reading that forgives what it must.</summary>
public sealed class AgentFrameTests
{
    private static string Text(AgentMessage message) => Encoding.UTF8.GetString(AgentFrame.Encode(message));

    private static DecodedFrame Decode(string json) => AgentFrame.Decode(Encoding.UTF8.GetBytes(json));

    public static TheoryData<AgentMessage, string> Golden => new()
    {
        { new HeartbeatMessage { MessageId = "h", Healthy = true }, """{"type":"HeartbeatMessage","message":{"messageId":"h","healthy":true}}""" },
        { new HeartbeatAckRequest { MessageId = "h" }, """{"type":"HeartbeatAckRequest","message":{"messageId":"h"}}""" },
        {
            new AckRequest { Cluster = "c", ContainerInstance = "i", MessageId = "m" },
            """{"type":"AckRequest","message":{"cluster":"c","containerInstance":"i","messageId":"m"}}"""
        },
        {
            new IAMRoleCredentialsAckRequest { MessageId = "m", CredentialsId = "x", Expiration = "2026-11-23T07:54:23Z" },
            """{"type":"IAMRoleCredentialsAckRequest","message":{"messageId":"m","credentialsId":"x","expiration":"2026-11-23T07:54:23Z"}}"""
        },
        {
            new TaskStopVerificationMessage { MessageId = "m", StopCandidates = [new TaskIdentifier { TaskArn = "a", TaskClusterArn = "c", DesiredStatus = "STOPPED" }] },
            """{"type":"TaskStopVerificationMessage","message":{"messageId":"m","stopCandidates":[{"taskArn":"a","taskClusterArn":"c","desiredStatus":"STOPPED"}]}}"""
        },
        {
            new TaskManifestMessage { MessageId = "m", ClusterArn = "c", ContainerInstanceArn = "i", Timeline = 7, Tasks = [new TaskIdentifier { TaskArn = "a", DesiredStatus = "RUNNING" }] },
            """{"type":"TaskManifestMessage","message":{"messageId":"m","clusterArn":"c","containerInstanceArn":"i","timeline":7,"tasks":[{"taskArn":"a","desiredStatus":"RUNNING"}]}}"""
        },
        {
            new PayloadMessage
            {
                ClusterArn = "c", ContainerInstanceArn = "i", MessageId = "m", SeqNum = 3, GeneratedAt = 5,
                Tasks =
                [
                    new AgentTask
                    {
                        Arn = "arn:t/1", DesiredStatus = "RUNNING", Family = "f", Version = "1", Cpu = 0.25, Memory = 512, NetworkMode = "bridge",
                        Containers =
                        [
                            new AgentContainer
                            {
                                Name = "main", Image = "img", Essential = true, Cpu = 10, Memory = 64, Command = ["a"], Overrides = "{}",
                                Environment = new Dictionary<string, string> { ["K"] = "v+\"é" },
                                PortMappings = [new AgentPortMapping { ContainerPort = 80, HostPort = 0, Protocol = "tcp" }],
                                DockerConfig = new AgentDockerConfig { Version = "1.41", HostConfig = new DockerHostConfig { NetworkMode = "bridge", Init = true }.ToJsonText() },
                            },
                        ],
                        RoleCredentials = new IAMRoleCredentials { CredentialsId = "x", RoleArn = "r", AccessKeyId = "k", SecretAccessKey = "s", SessionToken = "t", Expiration = "e" },
                    },
                ],
            },
            """{"type":"PayloadMessage","message":{"clusterArn":"c","containerInstanceArn":"i","messageId":"m","tasks":[{"arn":"arn:t/1","desiredStatus":"RUNNING","family":"f","version":"1","cpu":0.25,"memory":512,"networkMode":"bridge","containers":[{"name":"main","image":"img","essential":true,"cpu":10,"memory":64,"command":["a"],"environment":{"K":"v+\"é"},"overrides":"{}","portMappings":[{"containerPort":80,"hostPort":0,"protocol":"tcp"}],"dockerConfig":{"version":"1.41","hostConfig":"{\"NetworkMode\":\"bridge\",\"Init\":true}"}}],"roleCredentials":{"credentialsId":"x","roleArn":"r","accessKeyId":"k","secretAccessKey":"s","sessionToken":"t","expiration":"e"}}],"seqNum":3,"generatedAt":5}}"""
        },
    };

    [Theory]
    [MemberData(nameof(Golden))]
    public void Messages_are_written_as_the_protocol_spells_them(AgentMessage message, string expected)
    {
        Assert.Equal(expected, Text(message));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(Text(Decode(expected).Message!))));
    }

    [Fact]
    public void Names_are_matched_without_regard_to_case_and_strangers_are_passed_over()
    {
        var frame = Decode("""{"Message":{"MessageID":"m","ClusterArn":"c","unheardOf":[1]},"Type":"PayloadMessage"}""");
        var payload = Assert.IsType<PayloadMessage>(frame.Message);
        Assert.Equal(("m", "c"), (payload.MessageId, payload.ClusterArn));
    }

    [Theory]
    [InlineData("""{"type":"FutureMessage","message":{}}""", true)]
    [InlineData("""{"type":"PayloadMessage","message":{"messageId":7}}""", false)]
    [InlineData("""{"type":"PayloadMessage","message":{"tasks":"none"}}""", false)]
    [InlineData("""{"type":"PayloadMessage"}""", false)]
    [InlineData("""{"message":{}}""", false)]
    [InlineData("""{"type":"HeartbeatMessage","message":{}} x""", false)]
    [InlineData("[]", false)]
    [InlineData("", false)]
    [InlineData("{", false)]
    public void What_cannot_be_used_is_told_apart_from_what_is_unknown(string json, bool unknown)
    {
        var frame = Decode(json);
        Assert.Null(frame.Message);
        Assert.Equal(unknown, frame.IsUnknownType);
    }

    [Fact]
    public void A_message_that_nobody_reads_is_checked_for_its_form_only()
    {
        DecodedFrame Unread(string json) => AgentFrame.Decode(Encoding.UTF8.GetBytes(json), unread: "PayloadMessage");
        Assert.Equal(new DecodedFrame("PayloadMessage", null, null), Unread("""{"message":{"tasks":"none"},"type":"PayloadMessage"}"""));
        Assert.NotNull(Unread("""{"type":"PayloadMessage","message":[]}""").Fault);
        Assert.NotNull(Unread("""{"type":"PayloadMessage","message":{"tasks":}}""").Fault);
        Assert.IsType<HeartbeatMessage>(Unread("""{"TYPE":"HeartbeatMessage","mess\u0061ge":{}}""").Message);
    }

    [Theory]
    [InlineData("""{"name":"n","overrides":"{\"command\":[\"x\"]}"}""")]
    [InlineData("""{"name":"n","overrides":{"command":["x"]}}""")]
    public void Overrides_are_text_or_an_object(string container)
    {
        var payload = (PayloadMessage)Decode($$$"""{"type":"PayloadMessage","message":{"tasks":[{"containers":[{{{container}}}]}]}}""").Message!;
        Assert.Equal("x", (string?)JsonNode.Parse(payload.Tasks![0].Containers![0].Overrides!)!["command"]![0]);
    }

    [Fact]
    public void A_signed_telemetry_frame_is_split_from_its_headers()
    {
        var frame = TelemetryFrame.Join([new("Authorization", "AWS4 a=b, c"), new("Host", "h:1")], "{\"type\":\"x\"}"u8);
        Assert.True(TelemetryFrame.TrySplit(frame, out var headers, out var json));
        Assert.Equal(("AWS4 a=b, c", "h:1"), (headers["authorization"], headers["HOST"]));
        Assert.Equal("{\"type\":\"x\"}", Encoding.UTF8.GetString(json.Span));
        Assert.True(TelemetryFrame.TrySplit("{}"u8.ToArray(), out headers, out json));
        Assert.Empty(headers);
        Assert.False(TelemetryFrame.TrySplit("Host: x\r\nno end"u8.ToArray(), out _, out _));
    }

    [Fact]
    public void Nothing_set_is_no_docker_text()
    {
        Assert.Null(new DockerConfig().ToJsonText());
        Assert.Equal("""{"MemoryReservation":1048576}""", new DockerHostConfig { MemoryReservation = 1 << 20 }.ToJsonText());
    }

    [Fact]
    public void Secrets_are_not_in_what_a_log_would_show()
    {
        var credentials = new IAMRoleCredentials { AccessKeyId = "AK", SecretAccessKey = "hidden", SessionToken = "hidden" };
        Assert.DoesNotContain("hidden", credentials.ToString(), StringComparison.Ordinal);
    }
}
