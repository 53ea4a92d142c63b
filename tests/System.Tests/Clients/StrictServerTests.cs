using Longspan.Api.Ecs;
using Longspan.Api.Shapes;
using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>The option <c>--aws-strict</c> reaches the rules; what they are is tested where they are.</summary>
public sealed class StrictServerTests
{
    [Fact]
    public async Task With_the_option_Fargate_wants_its_network_mode()
    {
        static RegisterTaskDefinitionRequest Definition() => new()
        {
            Family = "web", RequiresCompatibilities = ["FARGATE"], NetworkMode = "bridge", Cpu = "256", Memory = "512",
            ContainerDefinitions = [new() { Name = "web", Image = "web:1" }],
        };
        await using var server = await ServerProcess.StartAsync();
        await server.Client.CallAsync(EcsOperations.RegisterTaskDefinition, Definition(), CancellationToken.None);
        Assert.Equal(0, await server.Process.StopAsync());
        await server.StartAgainAsync("--aws-strict");
        var refused = await Assert.ThrowsAnyAsync<AwsError>(
            () => server.Client.CallAsync(EcsOperations.RegisterTaskDefinition, Definition(), CancellationToken.None));
        Assert.Equal(("ClientException", "Fargate only supports network mode ‘awsvpc’."), (refused.Code, refused.Message));
    }
}
