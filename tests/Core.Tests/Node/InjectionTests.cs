using Longspan.AgentLink;
using Longspan.Node.Injection;
using Longspan.Node.Tasks;
using Xunit;

namespace Longspan.Core.Tests.Node;

/// <summary>Secrets and environment files: what containers get, what a failure says, and that the values are nowhere else.</summary>
public sealed class InjectionTests
{
    private const string Value = "hunter2-and-more";
    private const string Secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf";

    private static readonly AgentContainer Asking = new()
    {
        Name = "main", Image = "app", Essential = true, Memory = 64,
        Environment = new Dictionary<string, string> { ["PLAIN"] = "own", ["BOTH"] = "own" },
        Secrets = [new AgentSecret { Name = "PASSWORD", ValueFrom = "/db/password", Provider = "ssm", Target = "CONTAINER", Type = "ENVIRONMENT_VARIABLE" }],
        DockerConfig = new AgentDockerConfig { HostConfig = """{"LogConfig":{"Type":"splunk","Config":{"splunk-url":"u"}}}""" },
    };

    private static ConfigurationSource Gives(Action? asked = null) => (_, _) =>
    {
        asked?.Invoke();
        return Task.FromResult(new InjectedValues
        {
            Containers = new()
            {
                ["main"] = new ContainerValues
                {
                    Secrets = new() { ["PASSWORD"] = Value }, FromFiles = new() { ["BOTH"] = "file", ["FILE"] = "file" },
                    LogOptions = new() { ["splunk-token"] = Value },
                },
            },
        });
    };

    private static Dictionary<string, string> EnvironmentOf(TaskBench bench) => bench.Engine.PlanOf(bench.EngineName("a")).Config["Env"]!.AsArray()
        .Select(e => ((string)e!).Split('=', 2)).ToDictionary(e => e[0], e => e[1]);

    [Fact]
    public async Task Containers_get_their_values_and_the_disk_gets_none_of_them()
    {
        await using var bench = new TaskBench { Source = Gives() }.Start();
        bench.Accept(TaskBench.Task("a", Asking));
        await bench.ReportedAsync("a", "RUNNING");
        var environment = EnvironmentOf(bench);
        Assert.Equal((Value, "own", "file"), (environment["PASSWORD"], environment["BOTH"], environment["FILE"]));
        var log = bench.Engine.PlanOf(bench.EngineName("a")).HostConfig["LogConfig"]!["Config"]!;
        Assert.Equal(("u", Value), ((string?)log["splunk-url"], (string?)log["splunk-token"]));
        AssertNowhere(bench.Folder);
        Assert.DoesNotContain(Value, bench.Tasks.Find(TaskBench.Arn("a"))!.Task.Task.ToString(), StringComparison.Ordinal);
        var key = Path.Combine(bench.Folder, "keys", "values.key");
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(key) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));

        bench.Stop("a");
        await bench.ReportedAsync("a", "STOPPED");
        await bench.UntilAsync("the values are gone", () => Directory.EnumerateFiles(Path.Combine(bench.Folder, "values")).Any() ? null : "");
    }

    private static void AssertNowhere(string folder)
    {
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith("lock", StringComparison.Ordinal)).ToList();
        Assert.Contains(files, f => f.EndsWith(".sealed", StringComparison.Ordinal));
        foreach (var file in files)
        {
            var bytes = File.ReadAllBytes(file);
            Assert.True(bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(Value)) < 0, file);
            Assert.True(bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(Value))[..16])) < 0, file);
        }
    }

    [Fact]
    public async Task A_container_is_made_anew_with_the_same_values_without_asking_again()
    {
        var asked = 0;
        await using var bench = new TaskBench { Source = Gives(() => asked++) }.Start();
        bench.Accept(TaskBench.Task("a", Asking) with { ServiceName = "web" });
        await bench.ReportedAsync("a", "RUNNING");
        (bench.IsConnected, bench.IsCutOff) = (false, true);
        bench.Source = (_, _) => throw new InvalidOperationException("the server cannot be reached");
        await bench.RestartAsync("boot-2");
        var id = bench.Container("a").EngineId;
        await bench.Engine.RemoveAsync(id!, CancellationToken.None);
        await bench.UntilAsync("another container", () => bench.Container("a") is { Stage: Stage.Running } c && c.EngineId != id ? "" : null);
        Assert.Equal((Value, 1), (EnvironmentOf(bench)["PASSWORD"], asked));
    }

    [Fact]
    public async Task Values_that_no_key_opens_are_fetched_again()
    {
        var asked = 0;
        await using var bench = new TaskBench { Source = Gives(() => asked++) }.Start();
        bench.Accept(TaskBench.Task("a", Asking) with { ServiceName = "web" });
        await bench.ReportedAsync("a", "RUNNING");
        File.Delete(Path.Combine(bench.Folder, "keys", "values.key"));
        (bench.IsConnected, bench.IsCutOff) = (false, true);
        await bench.RestartAsync();
        await bench.Engine.RemoveAsync(bench.Container("a").EngineId!, CancellationToken.None);
        await bench.UntilAsync("asked again", () => asked == 2 ? "" : null);
    }

    [Fact]
    public async Task What_cannot_be_had_stops_the_task_before_anything_is_made()
    {
        await using var bench = new TaskBench { Source = (_, _) => throw new TaskFault("ResourceInitializationError", "unable to pull secrets: no") }.Start();
        bench.Accept(TaskBench.Task("a", Asking));
        var stopped = await bench.ReportedAsync("a", "STOPPED");
        Assert.Equal("ResourceInitializationError: unable to pull secrets: no", stopped.Reason);
        Assert.Equal(0, bench.Engine.CreateCount);
    }

    [Fact]
    public async Task A_stop_ends_the_wait_for_values()
    {
        var asked = new TaskCompletionSource();
        await using var bench = new TaskBench
        {
            Source = async (_, stop) =>
            {
                asked.SetResult();
                await Task.Delay(Timeout.Infinite, stop);
                return new InjectedValues();
            },
        }.Start();
        bench.Accept(TaskBench.Task("a", Asking));
        await asked.Task;
        bench.Stop("a");
        Assert.Equal("", (await bench.ReportedAsync("a", "STOPPED")).Reason);
        Assert.Equal(0, bench.Engine.CreateCount);
    }

    [Theory]
    [InlineData("", Secret, null, null, null)]
    [InlineData(":user::", Secret, "user", null, null)]
    [InlineData("::AWSPREVIOUS:", Secret, null, "AWSPREVIOUS", null)]
    [InlineData(":user:AWSCURRENT:EXAMPLE1-90ab", Secret, "user", "AWSCURRENT", "EXAMPLE1-90ab")]
    public void A_secret_is_named_with_its_key_stage_and_version(string selection, string id, string? key, string? stage, string? version) =>
        Assert.Equal(new SecretReference(id, key, stage, version), SecretReference.Parse(Secret + selection));

    [Theory]
    [InlineData("""{"user":"a","port":5432,"on":true}""", "user", "a")]
    [InlineData("""{"user":"a","port":5432,"on":true}""", "port", "5432")]
    [InlineData("""{"user":"a","port":5432,"on":true}""", "on", "true")]
    [InlineData("not json", null, "not json")]
    public void A_key_selects_a_member(string text, string? key, string value) =>
        Assert.Equal(value, new SecretReference(Secret, key, null, null).Select(text));

    [Theory]
    [InlineData("""{"user":"hunter2"}""", "did not contain json key password")]
    [InlineData("""["hunter2"]""", "is no JSON object")]
    [InlineData("hunter2", "is no JSON object")]
    public void A_member_that_is_not_there_is_said_without_the_secret(string text, string said)
    {
        var fault = Assert.Throws<TaskFault>(() => new SecretReference(Secret, "password", null, null).Select(text));
        Assert.Contains(said, fault.Message, StringComparison.Ordinal);
        Assert.StartsWith(
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: ",
            fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Secret + ":user")]
    [InlineData(Secret + ":user:::")]
    [InlineData("arn:aws:secretsmanager:us-east-1")]
    public void Any_other_form_is_refused(string valueFrom) => Assert.Throws<TaskFault>(() => SecretReference.Parse(valueFrom));

    [Fact]
    public void An_environment_file_is_read_line_by_line_and_the_first_word_counts()
    {
        var into = new Dictionary<string, string>();
        EnvironmentFile.Read("\uFEFFA=1\r\n# B=2\n\nC= \"x\" = y \nnothing\n=D\nE=\nA=2", into);
        EnvironmentFile.Read("A=3\nF=4", into);
        Assert.Equal(
            new Dictionary<string, string> { ["A"] = "1", ["C"] = " \"x\" = y ", ["E"] = "", ["F"] = "4" }, into);
    }

    [Theory]
    [InlineData("arn:aws:s3:::bucket/a/b.env", "bucket", "a/b.env")]
    [InlineData("arn:aws-cn:s3:::bucket/a:b.env", "bucket", "a:b.env")]
    public void An_environment_file_is_found_by_its_arn(string arn, string bucket, string key) => Assert.Equal((bucket, key), EnvironmentFile.Locate(arn));

    [Theory]
    [InlineData(null)]
    [InlineData("arn:aws:s3:::bucket")]
    [InlineData("arn:aws:s3:::bucket/")]
    [InlineData("s3://bucket/key")]
    public void What_names_no_object_is_refused(string? arn) => Assert.Throws<TaskFault>(() => EnvironmentFile.Locate(arn));

    [Fact]
    public void Nothing_of_the_values_is_in_what_a_log_would_show()
    {
        var values = new ContainerValues { Secrets = new() { ["P"] = Value }, LogOptions = new() { ["t"] = Value } };
        Assert.DoesNotContain(Value, values.ToString() + new InjectedValues { Containers = new() { ["main"] = values } }, StringComparison.Ordinal);
    }
}
