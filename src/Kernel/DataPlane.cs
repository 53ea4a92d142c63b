using System.Collections.Frozen;
using Longspan.Api.Shapes;

namespace Longspan.Kernel;

/// <summary>
/// What workloads and agents do all the time: messages, log events, reports, layers and objects. These calls have bounds of their own in their services, so
/// they are not counted against their caller's rate, and the audit trail keeps them only when they are denied (AWS calls them data events).
/// </summary>
public static class DataPlane
{
    private static readonly FrozenSet<string> s_operations = FrozenSet.Create(
        "ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart",
        "ecs:SubmitAttachmentStateChanges", "ecs:SubmitContainerStateChange", "ecs:SubmitTaskStateChange",
        "logs:PutLogEvents",
        "s3:DeleteObject", "s3:DeleteObjects", "s3:PutObject",
        "sqs:ChangeMessageVisibility", "sqs:ChangeMessageVisibilityBatch", "sqs:DeleteMessage", "sqs:DeleteMessageBatch",
        "sqs:ReceiveMessage", "sqs:SendMessage", "sqs:SendMessageBatch",
        "ssm:RequestManagedInstanceRoleToken", "ssm:UpdateInstanceInformation");

    public static bool Has(Operation operation) => s_operations.Contains($"{operation.Service.IamPrefix}:{operation.Name}");
}
