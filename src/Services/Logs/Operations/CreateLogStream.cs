using Longspan.Api.Logs;
using Longspan.Kernel;
using Longspan.Services.Logs.Documents;
using Longspan.Services.Logs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Logs.Operations;

internal static class CreateLogStream
{
    private const int LifeLength = 12;

    public static async ValueTask<CreateLogStreamResponse> HandleAsync(LogsContext cx, CreateLogStreamRequest request, CancellationToken stop)
    {
        var name = Names.RequireStream(request.LogStreamName);
        await cx.CommitAsync(
            async () =>
            {
                var group = await cx.RequireGroupAsync(request.LogGroupName, stop);
                var scope = cx.ScopeOfStreams(group.Value);
                if (await cx.Documents.GetAsync(LogsKinds.Stream, scope, name, stop) is not null)
                {
                    throw new ResourceAlreadyExistsException("The specified log stream already exists");
                }
                // Expecting the group keeps a stream from outliving a group that is being deleted.
                var stream = new LogStreamDocument(name, $"{name}:{Ids.Hex(LifeLength)}", cx.Now);
                return new Commit().Expect(group).Create(LogsKinds.Stream, scope, name, stream);
            },
            stop);
        return new CreateLogStreamResponse();
    }
}
