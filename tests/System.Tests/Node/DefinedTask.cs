using Longspan.AgentLink;
using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Link;
using Longspan.Services.Ecs.Rules;

namespace Longspan.System.Tests.Node;

/// <summary>The whole way from a registration to a payload: what a definition says reaches the node as the server would send it.</summary>
internal static class DefinedTask
{
    public static ContainerDefinition Shell(string name, string script, bool essential = true) => new()
    {
        Name = name, Image = DockerForTests.Image, Essential = essential, Memory = 32, StopTimeout = 0, Command = ["sh", "-c", script],
    };

    public static PayloadMessage Payload(
        string id, IReadOnlyList<ContainerDefinition> containers, Action<RegisterTaskDefinitionRequest>? change = null, TaskOverride? overrides = null)
    {
        var request = new RegisterTaskDefinitionRequest { Family = "sys", ContainerDefinitions = [.. containers] };
        change?.Invoke(request);
        var definition = new TaskDefinitionDocument
        {
            Family = "sys", Revision = 1, Arn = "arn:aws:ecs:us-east-1:123456789012:task-definition/sys:1", RegisteredAt = default,
            Definition = TaskDefinitionRules.Complete(request),
        };
        var instance = new ContainerInstanceDocument
        {
            Id = "i", Arn = "arn:i", ClusterName = "default", RegisteredAt = default, Registered = new InstanceResources(1, 1, [], [], []),
        };
        var template = new TaskTemplate { Definition = definition, ClusterName = "default", LaunchType = "EXTERNAL", Group = "g", Overrides = overrides };
        _ = template.Request();
        var (task, _) = NewTask.On(instance, template, new CallScope("123456789012", "us-east-1"), default);
        return DockerBench.Payload(PayloadBuilder.Build(new PayloadInput
        {
            Task = task with { Id = id, Arn = DockerBench.Arn(id) }, Definition = definition, ClusterArn = "arn:c", Region = "us-east-1",
            AccountId = "123456789012", Endpoint = new Uri("http://10.0.0.1:4566"), IsLongspanNode = true,
        }));
    }
}
