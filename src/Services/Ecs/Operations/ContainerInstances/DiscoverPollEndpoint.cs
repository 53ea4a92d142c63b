using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Operations;

/// <summary>
/// Where the agent's two websockets are: on the address by which it has just reached us. Agents keep the answer for twelve hours, so
/// these paths are frozen.
/// </summary>
internal static class DiscoverPollEndpoint
{
    public static ValueTask<DiscoverPollEndpointResponse> HandleAsync(
        EcsContext cx, DiscoverPollEndpointRequest request, CancellationToken stop)
    {
        var server = cx.Call.Endpoint.GetLeftPart(UriPartial.Authority);
        return ValueTask.FromResult(new DiscoverPollEndpointResponse
        {
            Endpoint = server + Link.LinkEndpoints.ControlPath, TelemetryEndpoint = server + Link.LinkEndpoints.TelemetryPath,
        });
    }
}
