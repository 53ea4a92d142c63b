using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

internal static class DescribeTaskDefinition
{
    public static async ValueTask<DescribeTaskDefinitionResponse> HandleAsync(
        EcsContext cx, DescribeTaskDefinitionRequest request, CancellationToken stop)
    {
        var found = await cx.FindTaskDefinitionAsync(request.TaskDefinition, stop)
            ?? throw new ClientException("Unable to describe task definition.");
        return new DescribeTaskDefinitionResponse
        {
            TaskDefinition = Shapes.TaskDefinition(found.Value),
            Tags = request.Include?.Contains("TAGS") is true ? Shapes.Tags(found.Value.Tags) : [],
        };
    }
}
