using Longspan.AgentLink;
using Longspan.Node.Engines;
using Longspan.Node.State;
using Microsoft.Extensions.Logging;

namespace Longspan.Node.Tasks;

/// <param name="Failure">The container's reason; null when the image is there.</param>
internal sealed record ImageOutcome(ImageView? Image, bool Pulled, string? Failure);

/// <summary>Finds a login for an image; null for anonymous pulls. A fresh one when a remembered one was refused.</summary>
internal delegate Task<RegistryLogin?> RegistryLogins(SavedTask task, AgentContainer container, bool fresh, CancellationToken stop);

/// <summary>Gets images onto the engine: each at most once at a time, whatever the number of containers that wait for it.</summary>
internal sealed class ImageSource(ContainerEngine engine, PullBehavior behavior, RegistryLogins logins, TimeProvider time, ILogger log)
{
    private const int Attempts = 3;
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private readonly Dictionary<string, Task<ImageOutcome>> _running = new(StringComparer.Ordinal);

    public async Task<ImageOutcome> ObtainAsync(SavedTask task, AgentContainer container, CancellationToken stop)
    {
        var image = container.Image ?? "";
        var cached = await engine.InspectImageAsync(image, stop);
        if (image == PauseImage.Name)
        {
            if (cached is null)
            {
                await engine.MakePauseImageAsync(stop);
            }
            return new ImageOutcome(cached ?? await engine.InspectImageAsync(image, stop), false, null);
        }
        if (cached is not null && (behavior == PullBehavior.PreferCached || IsFinal(ImageReference.Parse(image), cached)))
        {
            return new ImageOutcome(cached, false, null);
        }
        var outcome = await SharedPullAsync(task, container, cached is not null, stop);
        if (outcome.Failure is null || cached is null || behavior == PullBehavior.Always)
        {
            return outcome;
        }
        log.LogInformation("Using the cached {Image}: {Reason}", image, outcome.Failure);
        return new ImageOutcome(cached, false, null);
    }

    /// <summary>
    /// A digest names one content for ever; and an image without a registry in its name that came from none was built here: asking the
    /// default registry for it would at best fail, at worst bring a stranger's image of that name.
    /// </summary>
    private bool IsFinal(ImageReference reference, ImageView cached) =>
        reference.Digest is not null || (behavior == PullBehavior.Default && reference.Registry is null && cached.Digest is null);

    private async Task<ImageOutcome> SharedPullAsync(SavedTask task, AgentContainer container, bool cached, CancellationToken stop)
    {
        var image = container.Image ?? "";
        Task<ImageOutcome> pull;
        lock (_running)
        {
            if (!_running.TryGetValue(image, out pull!))
            {
                // Not ended by the first waiter's wish to stop: others may wait for it, and a cached image is no loss.
                pull = PullAsync(task, container, cached ? 1 : Attempts);
                _running[image] = pull;
                _ = pull.ContinueWith(
                    _ =>
                    {
                        lock (_running)
                        {
                            _running.Remove(image);
                        }
                    },
                    CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
        }
        return await pull.WaitAsync(stop);
    }

    private async Task<ImageOutcome> PullAsync(SavedTask task, AgentContainer container, int attempts)
    {
        await Task.Yield();
        var image = container.Image ?? "";
        var backoff = new Backoff(FirstRetry, TimeSpan.FromSeconds(5));
        EngineException? last = null;
        var fresh = false;
        for (var attempt = 0; attempt < attempts; attempt++)
        {
            try
            {
                if (attempt > 0)
                {
                    await Task.Delay(backoff.Next(), time, CancellationToken.None);
                }
                var login = await logins(task, container, fresh, CancellationToken.None);
                await engine.PullAsync(image, login, CancellationToken.None);
                return new ImageOutcome(await engine.InspectImageAsync(image, CancellationToken.None), true, null);
            }
            catch (TaskFault e)
            {
                return new ImageOutcome(null, true, e.Message);
            }
            catch (EngineException e)
            {
                last = e;
                if (e.Fault == EngineFault.Denied && !fresh)
                {
                    fresh = true;
                    attempts = Math.Max(attempts, attempt + 2);
                    continue;
                }
                if (e.Fault is EngineFault.NotFound or EngineFault.ImageNotFound or EngineFault.Denied)
                {
                    break;
                }
            }
        }
        return new ImageOutcome(null, true, Reason(last!));
    }

    private static string Reason(EngineException e) => e.Fault switch
    {
        EngineFault.Denied => $"CannotPullContainerAuthError: {e.Message}",
        EngineFault.Timeout => $"DockerTimeoutError: {e.Message}",
        _ => $"CannotPullContainerError: {e.Message}",
    };
}
