using System.Collections.Immutable;
using Longspan.Api.Logs;
using Longspan.Kernel;
using Longspan.Services.Logs.Documents;
using Longspan.Services.Logs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Logs.Operations;

internal static class CreateLogGroup
{
    private const int IdLength = 16;
    private const string DefaultClass = "STANDARD";
    private static readonly string[] s_classes = [DefaultClass, "INFREQUENT_ACCESS", "DELIVERY"];

    public static async ValueTask<CreateLogGroupResponse> HandleAsync(LogsContext cx, CreateLogGroupRequest request, CancellationToken stop)
    {
        var name = Names.RequireNewGroup(request.LogGroupName);
        var logGroupClass = request.LogGroupClass ?? DefaultClass;
        if (!s_classes.Contains(logGroupClass))
        {
            throw LogsFaults.Constraint("logGroupClass", logGroupClass, $"Member must satisfy enum value set: [{string.Join(", ", s_classes)}]");
        }
        if (request.KmsKeyId is not null)
        {
            // Taking it would promise an encryption that nothing here does.
            throw new InvalidParameterException("The specified KMS Key Id could not be found.");
        }
        var tags = Tags.With(ImmutableDictionary<string, string>.Empty, request.Tags ?? [], Names.ArnOfGroup(cx.Call, name));
        var group = new LogGroupDocument(
            Ids.Hex(IdLength), name, cx.Now, logGroupClass, request.DeletionProtectionEnabled ?? false, RetentionDays: null, tags);
        var result = await cx.Documents.CommitAsync(new Commit().Create(LogsKinds.Group, cx.Scope, name, group), stop);
        return result.Committed ? new CreateLogGroupResponse() : throw new ResourceAlreadyExistsException("The specified log group already exists");
    }
}
