using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

internal static class DeleteTaskDefinitions
{
    public const int MaximumDefinitions = 10;

    /// <summary>Only inactive revisions can be deleted. Running tasks keep using what they were started from.</summary>
    public static async ValueTask<DeleteTaskDefinitionsResponse> HandleAsync(
        EcsContext cx, DeleteTaskDefinitionsRequest request, CancellationToken stop)
    {
        if (request.TaskDefinitions is not { Count: >= 1 and <= MaximumDefinitions } references)
        {
            throw new InvalidParameterException("Between 1 and 10 task definitions must be given.");
        }
        var response = new DeleteTaskDefinitionsResponse { TaskDefinitions = [], Failures = [] };
        foreach (var reference in references)
        {
            var found = EcsNames.TaskDefinition(reference).Revision is null ? null : await cx.FindTaskDefinitionAsync(reference, stop);
            if (found is null)
            {
                response.Failures.Add(new Failure
                {
                    Arn = reference, Reason = "The specified task definition does not exist. Specify a valid account, family, revision and try again.",
                });
            }
            else if (found.Value.Status == TaskDefinitionDocument.Active)
            {
                response.Failures.Add(new Failure
                {
                    Arn = found.Value.Arn,
                    Reason = "The specified task definition is still in ACTIVE status. Please deregister the target and try again.",
                });
            }
            else
            {
                var deleted = await DeregisterTaskDefinition.ChangeAsync(cx, reference, d =>
                    d with { Status = TaskDefinitionDocument.DeleteInProgress, DeleteRequestedAt = cx.Now }, stop);
                response.TaskDefinitions.Add(Shapes.TaskDefinition(deleted));
            }
        }
        return response;
    }
}
