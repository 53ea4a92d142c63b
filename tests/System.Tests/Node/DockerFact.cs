using System.Diagnostics;
using Docker.DotNet;
using Xunit;

namespace Longspan.System.Tests.Node;

/// <summary>A test on a real Docker engine. Without one, or without the means to make the small test image, it is skipped and says why.</summary>
internal sealed class DockerFactAttribute : FactAttribute
{
    public DockerFactAttribute() => Skip = DockerForTests.Obstacle.Value;
}

internal static class DockerForTests
{
    public const string Image = "longspan-test/busybox:1";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static Uri Endpoint { get; } = new(Environment.GetEnvironmentVariable("DOCKER_HOST") ?? "unix:///var/run/docker.sock");

    /// <summary>Why there can be no Docker test here, or null. Makes the image when it is missing.</summary>
    public static Lazy<string?> Obstacle { get; } = new(Find);

    public static DockerClient Connect() => new DockerClientBuilder().WithEndpoint(Endpoint).Build();

    private static string? Find()
    {
        try
        {
            using var client = Connect();
            using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            client.System.PingAsync(stop.Token).GetAwaiter().GetResult();
            try
            {
                client.Images.InspectImageAsync(Image, stop.Token).GetAwaiter().GetResult();
                return null;
            }
            catch (DockerApiException)
            {
                return MakeImage();
            }
        }
        catch (Exception e)
        {
            return $"no Docker engine at {Endpoint}: {e.Message}";
        }
    }

    private static string? MakeImage()
    {
        var start = new ProcessStartInfo("sh") { RedirectStandardError = true, RedirectStandardOutput = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "images", "busybox.sh"));
        start.ArgumentList.Add(Image);
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        _ = process.StandardOutput.ReadToEndAsync();
        return process.WaitForExit(Patience) && process.ExitCode == 0 ? null : $"cannot make the test image: {errors.Result.Trim()}";
    }
}
