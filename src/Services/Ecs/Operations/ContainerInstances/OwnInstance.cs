using Longspan.Api.Shapes;
using Longspan.Services.Ecs.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>
/// AWS's policy for nodes lets them change the state of any instance. Here a registered machine's session may do so with its own only: a
/// machine that was taken over can take itself out, and nobody else.
/// </summary>
internal static class OwnInstance
{
    private const string MachinePrefix = "mi-";

    public static void Require(EcsContext cx, ContainerInstanceDocument instance, string operation)
    {
        var caller = cx.Call.Caller;
        if (caller.SessionName?.StartsWith(MachinePrefix, StringComparison.Ordinal) == true && !instance.BelongsTo(caller))
        {
            throw new AwsError(
                "AccessDeniedException",
                $"User: {caller.Arn} is not authorized to perform: ecs:{operation} on resource: {instance.Arn} because it is the instance of another identity.");
        }
    }
}
