using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Store;
using Microsoft.AspNetCore.Http;

namespace Longspan.Server.Endpoint;

/// <summary>
/// <c>POST /_longspan/reset</c>: back to a fresh server, for test suites that isolate their cases. Mapped only with
/// <c>--accept-any-credentials</c>, which is refused on anything but loopback.
/// </summary>
internal sealed class ResetEndpoint(
    StoreFolder store, IReadOnlyList<ServiceModule> modules, AccessKeys keys, LastUses uses, AccountBootstrap bootstrap, CallGate gate,
    ServerSettings settings)
{
    public async Task HandleAsync(HttpContext http)
    {
        await gate.RunAloneAsync(ResetAsync);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task ResetAsync()
    {
        // Not tied to the request: half a reset would be worse than one that nobody waited for.
        var stop = CancellationToken.None;
        await store.ResetAsync(stop);
        foreach (var module in modules)
        {
            await module.ResetAsync(stop);
        }
        keys.Forget();
        uses.Clear();
        await bootstrap.EnsureAsync(settings.Region, stop);
    }
}
