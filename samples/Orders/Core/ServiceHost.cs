using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Orders.Core;

/// <summary>What the three services share as processes: JSON logs on standard output, small bounds, a bounded graceful stop.</summary>
public static class ServiceHost
{
    public const int MaxBodyBytes = 16 * 1024;
    public const int MaxConnections = 512;

    /// <summary>Below the 30 s that an engine grants between SIGTERM and SIGKILL.</summary>
    public static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(20);

    public static WebApplicationBuilder NewBuilder(string[] args)
    {
        // Static files lie beside the assembly, whatever folder the process was started in.
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.Logging.AddJsonConsole(json =>
        {
            json.UseUtcTimestamp = true;
            json.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
        });
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);
        builder.Logging.AddFilter("System.Net.Http", LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopWithin);
        builder.Services.AddSingleton(TimeProvider.System);
        return builder;
    }

    /// <summary>A setting the service cannot run without; the message names it, and start-up ends there.</summary>
    public static string Require(this WebApplicationBuilder builder, string name) =>
        builder.Configuration[name] is { Length: > 0 } value
            ? value
            : throw new InvalidOperationException($"Set the environment variable {name}.");
}
