using System.Globalization;
using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Scheduling;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

public sealed class ClusterQueryTests
{
    private static readonly NodeCapacity Node = new()
    {
        InstanceId = "n",
        Attributes = new Dictionary<string, string>
        {
            ["site"] = "cloud", ["arch"] = "x86_64", ["ecs.instance-type"] = "g2.2xlarge", ["disks"] = "10", ["rack"] = "row 4", ["bare"] = "",
        },
        FreeCpuUnits = 0,
        FreeMemoryMib = 0,
        UsedTcpPorts = new HashSet<int>(),
        UsedUdpPorts = new HashSet<int>(),
        TasksByGroup = new Dictionary<string, int> { ["service:production"] = 2, ["family:job"] = 1 },
        TaskCount = 3,
        RunningTasks = 3,
        AgentConnected = true,
        AgentVersion = "1.99.1",
        Ec2InstanceId = "i-abcd1234",
        RegisteredAt = new DateTimeOffset(2018, 6, 18, 22, 28, 28, 500, TimeSpan.Zero),
    };

    [Theory]
    [InlineData("attribute:site == cloud", true)]
    [InlineData("attribute:site==cloud", true)]
    [InlineData("attribute:site equals 'cloud'", true)]
    [InlineData("attribute:site != cloud", false)]
    [InlineData("attribute:gpu != cloud", true)]
    [InlineData("attribute:site =~ cl.*", true)]
    [InlineData("attribute:site =~ cl", false)]
    [InlineData("attribute:site =~ (cloud|premises)", true)]
    [InlineData("(attribute:site =~ (cloud|premises) and attribute:arch matches x.*)", true)]
    [InlineData("attribute:site =~ [)a-z]+", true)]
    [InlineData("attribute:site !~ cl.*", false)]
    [InlineData("attribute:site not_matches pr.*", true)]
    [InlineData("attribute:site in [on-premises, cloud]", true)]
    [InlineData("attribute:site not_in [cloud]", false)]
    [InlineData("attribute:site !in ['cloud',\"edge\"]", false)]
    [InlineData("attribute:rack == 'row 4'", true)]
    [InlineData("attribute:disks > 9", true)]
    [InlineData("attribute:disks less_than 9", false)]
    [InlineData("attribute:site > bloud", true)]
    [InlineData("attribute:gpu > 1", false)]
    [InlineData("attribute:gpu exists", false)]
    [InlineData("attribute:bare exists", true)]
    [InlineData("attribute:gpu !exists and attribute:site == cloud", true)]
    [InlineData("attribute:gpu exists or attribute:site == cloud", true)]
    [InlineData("attribute:site == cloud && attribute:arch == arm64", false)]
    [InlineData("attribute:ecs.instance-type =~ g2.* and attribute:ecs.availability-zone != us-east-1d", true)]
    [InlineData("task:group == service:production", true)]
    [InlineData("task:group == service:other", false)]
    [InlineData("not(task:group == database)", true)]
    [InlineData("!task:group =~ service:.*", false)]
    [InlineData("task:group exists", true)]
    [InlineData("runningTasksCount == 3", true)]
    [InlineData("runningTasksCount < 3", false)]
    [InlineData("runningTasksCount greater_than_equal 3", true)]
    [InlineData("agentVersion < 1.100", true)]
    [InlineData("agentVersion >= 1.99.1", true)]
    [InlineData("agentVersion less_than_equal 1.9.9", false)]
    [InlineData("agentConnected == true", true)]
    [InlineData("agentConnected in [false]", false)]
    [InlineData("ec2InstanceId in ['i-abcd1234', 'i-wxyx7890']", true)]
    [InlineData("registeredAt < 2018-06-19", true)]
    [InlineData("registeredAt == 2018-06-18", true)]
    [InlineData("registeredAt == 2018-06-18T22:28:28", true)]
    [InlineData("registeredAt > 2018-06-18T22:28:28Z", false)]
    [InlineData("registeredAt == 2018-06-19T00:28:28+02:00", true)]
    // 'and' binds closer than 'or', 'not' closer than both.
    [InlineData("attribute:site == cloud or attribute:site == edge and attribute:arch == arm64", true)]
    [InlineData("(attribute:site == cloud or attribute:site == edge) and attribute:arch == arm64", false)]
    [InlineData("not attribute:site == edge and attribute:arch == arm64", false)]
    [InlineData("not (attribute:site == edge and attribute:arch == arm64)", true)]
    [InlineData("not not attribute:site == cloud", true)]
    public void ExpressionsSelectNodes(string text, bool matches)
    {
        Assert.True(ClusterQuery.TryParse(text, out var query, out var error), error.ToString());
        Assert.Equal(matches, query.Matches(Node));
    }

    [Theory]
    [InlineData("", 1, "empty")]
    [InlineData("site == cloud", 1, "'site' is not a subject")]
    [InlineData("task:family == web", 1, "'task:family' is not a subject")]
    [InlineData("attribute: == web", 1, "not a subject")]
    [InlineData("attribute:site", 15, "expected an operator")]
    [InlineData("attribute:site is cloud", 16, "expected an operator")]
    [InlineData("attribute:site ==", 18, "expected a value")]
    [InlineData("attribute:site == a b", 21, "expected 'and'")]
    [InlineData("attribute:site == 'a", 19, "quotation does not end")]
    [InlineData("attribute:site in cloud", 19, "expected a list")]
    [InlineData("attribute:site in [a b]", 22, "expected ',' or ']'")]
    [InlineData("attribute:site in []", 20, "expected a value")]
    [InlineData("attribute:site == [a]", 19, "expected a value")]
    [InlineData("(attribute:site == a", 21, "')' for the '(' at character 1")]
    [InlineData("attribute:site == a)", 20, "expected 'and'")]
    [InlineData("attribute:site == a and", 24, "expected a subject")]
    [InlineData("attribute:site =~ (", 19, "not a regular expression")]
    [InlineData("attribute:site =~ 'a)|(b'", 19, "not a regular expression")]
    [InlineData("attribute:site =~ (?=a)b", 19, "looks around")]
    [InlineData("attribute:site =~ (a{200}){200}", 19, "repeats more than")]
    [InlineData("agentConnected > true", 16, "'>' does not apply to agentConnected")]
    [InlineData("agentVersion =~ 1.*", 14, "'=~' does not apply")]
    [InlineData("agentVersion < new", 16, "'new' is not a version")]
    [InlineData("runningTasksCount == -1", 22, "not a number")]
    [InlineData("registeredAt < 2018-13-01", 16, "not a date")]
    public void OtherExpressionsAreRefusedWhereTheyGoWrong(string text, int position, string message)
    {
        Assert.False(ClusterQuery.TryParse(text, out _, out var error));
        Assert.Equal(position, error.Position);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LengthDepthAndTermsAreBounded()
    {
        string Nested(int depth) => new string('(', depth) + "attribute:a exists" + new string(')', depth);
        string Chain(int terms) => string.Join("||", Enumerable.Repeat("attribute:a==b", terms));
        Assert.True(ClusterQuery.TryParse(Nested(ClusterQuery.MaximumDepth), out _, out _));
        Assert.False(ClusterQuery.TryParse(Nested(ClusterQuery.MaximumDepth + 1), out _, out var depth));
        Assert.Equal(ClusterQuery.MaximumDepth + 1, depth.Position);
        Assert.False(ClusterQuery.TryParse(new string('!', 1500) + "attribute:a exists", out _, out _));
        Assert.True(ClusterQuery.TryParse(Chain(ClusterQuery.MaximumTerms), out _, out _));
        Assert.False(ClusterQuery.TryParse(Chain(ClusterQuery.MaximumTerms + 1), out _, out _));
        Assert.True(ClusterQuery.TryParse("attribute:a == " + new string('b', 1985), out _, out _));
        Assert.False(ClusterQuery.TryParse("attribute:a == " + new string('b', 1986), out _, out var length));
        Assert.Equal(ClusterQuery.MaximumLength + 1, length.Position);
    }

    [Fact]
    public void RandomExpressionsMeanWhatTheirTreeMeans()
    {
        for (var seed = 0; seed < 3000; seed++)
        {
            var random = new Random(seed);
            var (text, meaning) = Tree(random, random.Next(5), 0);
            Assert.True(ClusterQuery.TryParse(text, out var query, out var error), $"seed {seed}: {text}: {error}");
            for (var i = 0; i < 5; i++)
            {
                var node = RandomNode(random);
                Assert.True(meaning(node) == query.Matches(node), $"seed {seed}: {text} on {string.Join(' ', node.Attributes)} {node.RunningTasks}");
            }
        }
    }

    [Fact]
    public void DamagedExpressionsNeverThrowAndErrorsPointIntoThem()
    {
        const string Alphabet = "()[]{}!=<>~&|'\",. \\*?+-_:atndorx19";
        for (var seed = 0; seed < 5000; seed++)
        {
            var random = new Random(seed);
            var text = Tree(random, random.Next(4), 0).Text.ToCharArray();
            for (var i = random.Next(1, 4); i > 0; i--)
            {
                text[random.Next(text.Length)] = Alphabet[random.Next(Alphabet.Length)];
            }
            var damaged = new string(text)[random.Next(3)..];
            if (ClusterQuery.TryParse(damaged, out var query, out var error))
            {
                _ = query.Matches(Node);
                continue;
            }
            Assert.InRange(error.Position, 1, damaged.Length + 1);
            Assert.NotEmpty(error.Message);
        }
    }

    [Fact]
    public async Task TheFilterOfInstancesReadsNodesAndTheirTasks()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var busy = await FakeAgent.JoinAsync(cloud, "EXTERNAL", attributes: new EcsAttribute { Name = "site", Value = "shop" });
        await cloud.RegisterAsync("job");
        var task = (await cloud.CallAsync(EcsOperations.RunTask, new() { TaskDefinition = "job", LaunchType = "EXTERNAL", Group = "night" })).Tasks!.Single();
        await cloud.UntilTaskAsync(task.TaskArn!, "RUNNING");
        await using var idle = await FakeAgent.JoinAsync(cloud, "EXTERNAL", connect: false);

        async Task<string[]> List(string filter) =>
            [.. (await cloud.CallAsync(EcsOperations.ListContainerInstances, new() { Filter = filter })).ContainerInstanceArns!];

        Assert.Equal([busy.Arn], await List("attribute:site == shop"));
        Assert.Equal([busy.Arn], await List("task:group == night and runningTasksCount == 1"));
        Assert.Equal([idle.Arn], await List("runningTasksCount == 0"));
        Assert.Equal([idle.Arn], await List("not (agentConnected == true)"));
        Assert.Equal(2, (await List("registeredAt > 2018-01-01")).Length);
        var refused = await EcsCloud.RefusedAsync(() => List("attribute:site = shop"));
        Assert.Equal("InvalidParameterException", refused.Code);
        Assert.Contains("at character 16", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatCannotBeReadIsRefusedBeforeAnythingIsKept()
    {
        await using var cloud = await EcsCloud.StartAsync();
        await using var agent = await FakeAgent.JoinAsync(cloud, "EXTERNAL");
        await cloud.RegisterAsync("job");
        PlacementConstraint bad = new() { Type = "memberOf", Expression = "attribute:site ~ shop" };

        var registering = await EcsCloud.RefusedAsync(() => cloud.RegisterAsync("other", r =>
            r.PlacementConstraints = [new() { Type = "memberOf", Expression = bad.Expression }]));
        var running = await EcsCloud.RefusedAsync(() => cloud.CallAsync(
            EcsOperations.RunTask, new() { TaskDefinition = "job", LaunchType = "EXTERNAL", PlacementConstraints = [bad] }));
        var creating = await EcsCloud.RefusedAsync(() => cloud.CallAsync(EcsOperations.CreateService, new()
        {
            ServiceName = "web", TaskDefinition = "job", DesiredCount = 1, LaunchType = "EXTERNAL", PlacementConstraints = [bad],
        }));
        var packing = await EcsCloud.RefusedAsync(() => cloud.CallAsync(EcsOperations.RunTask, new()
        {
            TaskDefinition = "job", LaunchType = "EXTERNAL", PlacementStrategy = [new() { Type = "binpack", Field = "disk" }],
        }));

        Assert.All([registering, running, creating, packing], e => Assert.Equal("InvalidParameterException", e.Code));
        Assert.All([registering, running, creating], e => Assert.Contains("at character 16", e.Message, StringComparison.Ordinal));
        Assert.Empty((await cloud.CallAsync(EcsOperations.ListTaskDefinitions, new() { FamilyPrefix = "other" })).TaskDefinitionArns!);
        Assert.Empty((await cloud.CallAsync(EcsOperations.ListTasks, new())).TaskArns!);
        Assert.Empty((await cloud.CallAsync(EcsOperations.ListServices, new())).ServiceArns!);
    }

    private static readonly string[] Names = ["a", "b.c", "d/e"];
    private static readonly string[] Values = ["x", "y1", "12", "7"];
    private static readonly string[] Groups = ["service:web", "family:job"];

    // The text of a random expression and, written down independently of the parser, what it means.
    private static (string Text, Func<NodeCapacity, bool> Meaning) Tree(Random random, int depth, int binding)
    {
        string Space() => new(' ', random.Next(1, 3));
        if (depth == 0)
        {
            return Leaf(random, Space);
        }
        switch (random.Next(4))
        {
            case 0:
                var (inner, holds) = Tree(random, depth - 1, 3);
                return (random.Next(2) == 0 ? "!" + inner : "not" + Space() + inner, node => !holds(node));
            case 1:
                var (left, l) = Tree(random, depth - 1, 2);
                var (right, r) = Tree(random, depth - 1, 2);
                var both = left + Space() + (random.Next(2) == 0 ? "&&" : "and") + Space() + right;
                return (binding > 2 ? $"({both})" : both, node => l(node) & r(node));
            case 2:
                var (first, f) = Tree(random, depth - 1, 1);
                var (second, s) = Tree(random, depth - 1, 1);
                var either = first + Space() + (random.Next(2) == 0 ? "||" : "or") + Space() + second;
                return (binding > 1 ? $"({either})" : either, node => f(node) | s(node));
            default:
                var (grouped, g) = Tree(random, depth - 1, 0);
                return ("(" + grouped + ")", g);
        }
    }

    private static (string Text, Func<NodeCapacity, bool> Meaning) Leaf(Random random, Func<string> space)
    {
        var name = Names[random.Next(Names.Length)];
        var value = Values[random.Next(Values.Length)];
        var count = random.Next(4);
        string Quoted(string text) => random.Next(3) switch { 0 => $"'{text}'", 1 => $"\"{text}\"", _ => text };
        string Pick(params string[] spellings) => space() + spellings[random.Next(spellings.Length)] + space();
        string? Of(NodeCapacity node) => node.Attributes.TryGetValue(name, out var found) ? found : null;
        return random.Next(9) switch
        {
            0 => ($"attribute:{name}{Pick("==", "equals")}{Quoted(value)}", node => Of(node) == value),
            1 => ($"attribute:{name}{Pick("!=", "not_equals")}{Quoted(value)}", node => Of(node) != value),
            2 => ($"attribute:{name}{Pick("in")}[{Quoted(value)},{space()}{Quoted("x")}]", node => Of(node) is { } v && (v == value || v == "x")),
            3 => ($"attribute:{name}{Pick("not_in", "!in")}[{Quoted(value)}]", node => Of(node) != value),
            4 => ($"attribute:{name}{Pick("exists")}", node => Of(node) is not null),
            5 => ($"attribute:{name}{Pick("not_exists", "!exists")}", node => Of(node) is null),
            6 => ($"attribute:{name}{Pick("=~", "matches")}{Quoted("(x|1).*")}", node => Of(node) is ['x' or '1', ..]),
            7 => ($"runningTasksCount{Pick(">=", "greater_than_equal")}{count.ToString(CultureInfo.InvariantCulture)}", node => node.RunningTasks >= count),
            _ => ($"task:group{Pick("==", "equals")}{Quoted(Groups[count % 2])}", node => node.TasksByGroup.ContainsKey(Groups[count % 2])),
        };
    }

    private static NodeCapacity RandomNode(Random random) => Node with
    {
        Attributes = Names.Where(_ => random.Next(3) > 0).ToDictionary(n => n, _ => Values[random.Next(Values.Length)]),
        TasksByGroup = Groups.Where(_ => random.Next(2) == 0).ToDictionary(g => g, _ => 1),
        RunningTasks = random.Next(4),
    };
}
