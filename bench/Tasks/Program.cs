using System.Diagnostics;
using System.Globalization;
using Docker.DotNet.Models;
using Longspan.Api.Ecs;
using Longspan.Tasks;

// How long a task takes from RunTask's answer to RUNNING, beside what the engine alone takes to create and start a container of the same
// image with the same limits; how long a service is without a container that was killed, with the server and without; how long a server takes
// to be ready; what server and node hold when they idle. Prints Markdown.
var count = args is [var text, ..] ? int.Parse(text, CultureInfo.InvariantCulture) : 50;
const int Kills = 5;
var settle = TimeSpan.FromSeconds(10);
var load = File.ReadAllText("/proc/loadavg").Split(' ')[0];

var (fresh, again) = (new Series("server ready, new data folder"), new Series("server ready, existing data folder"));
for (var i = 0; i < 10; i++)
{
    var folder = Directory.CreateTempSubdirectory("bench-start");
    foreach (var series in new[] { fresh, again })
    {
        var (server, _, took) = await OwnProcess.StartAsync("Longspan is ready on ", "server", "--data", folder.FullName, "--port", "0");
        series.Add(took);
        server.Dispose();
    }
    folder.Delete(recursive: true);
}

await using var site = await Site.StartAsync();
await Task.Delay(settle);
var idle = (Server: site.Server.Mib("VmRSS"), Node: site.Node.Mib("VmRSS"));

var starts = new Starts(site);
Series byDigest = new("RunTask accepted to RUNNING, image by digest"), byTag = new("RunTask accepted to RUNNING, image by tag");
Series call = new("RunTask itself"), bare = new("engine alone: create and start");
var digested = await starts.DefineAsync("digest", site.Digested);
var tagged = await starts.DefineAsync("tag", site.Tagged);
// Pulls the image, and lets every program compile what it runs.
for (var i = 0; i < 3; i++)
{
    await starts.TaskAsync(digested, new Series(""), new Series(""));
    await starts.TaskAsync(tagged, new Series(""), new Series(""));
    await starts.BareAsync(site.Digested, new Series(""));
}
for (var i = 0; i < count; i++)
{
    await starts.TaskAsync(digested, call, byDigest);
    await starts.BareAsync(site.Digested, bare);
    await starts.TaskAsync(tagged, new Series(""), byTag);
}

Series replaced = new("container killed to running again, by the server (back-off 1 s)"), alone = new("the same, cut off, by the node (back-off 1 s)");
var recoveries = new Recoveries(site);
await recoveries.CreateAsync(site.Digested);
await recoveries.KillAsync(Kills, replaced);
var after = (Server: site.Server.Mib("VmRSS"), Node: site.Node.Mib("VmRSS"));
site.Server.Kill();
await recoveries.KillAsync(Kills, alone);

Console.WriteLine($"Load average before: {load}, after: {File.ReadAllText("/proc/loadavg").Split(' ')[0]}; {Environment.ProcessorCount} cores.");
Console.WriteLine();
Console.WriteLine("| Milliseconds | n | p50 | p90 | p99 | min | max |");
Console.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
foreach (var series in new[] { byDigest, byTag, bare, call, replaced, alone, fresh, again })
{
    Console.WriteLine(series.Row());
}
Console.WriteLine();
Console.WriteLine("| Resident MiB | idle | after the tasks |");
Console.WriteLine("| --- | ---: | ---: |");
Console.WriteLine(FormattableString.Invariant($"| server | {idle.Server:F0} | {after.Server:F0} |"));
Console.WriteLine(FormattableString.Invariant($"| node | {idle.Node:F0} | {after.Node:F0} |"));
return 0;

namespace Longspan.Tasks
{
    /// <summary>One start at a time, by us and by the engine alone; each is gone before the next begins.</summary>
    internal sealed class Starts(Site site)
    {
        private const int MemoryMib = 64;
        private const int CpuUnits = 64;
        private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(5);
        private static readonly string[] Program = ["sleep", "600"];

        public async Task<string> DefineAsync(string family, string image) => (await site.Client.CallAsync(EcsOperations.RegisterTaskDefinition, new()
        {
            Family = family, RequiresCompatibilities = ["FARGATE"], NetworkMode = "bridge", Cpu = "256", Memory = "512",
            ContainerDefinitions = [new() { Name = "main", Image = image, Memory = MemoryMib, Cpu = CpuUnits, StopTimeout = 2, Command = [.. Program] }],
        }, default)).TaskDefinition!.TaskDefinitionArn!;

        public async Task TaskAsync(string definition, Series call, Series toRunning)
        {
            var watch = Stopwatch.StartNew();
            var run = await site.Client.CallAsync(EcsOperations.RunTask, new() { Cluster = Site.Cluster, TaskDefinition = definition, LaunchType = "FARGATE" }, default);
            call.Add(watch.Elapsed);
            watch.Restart();
            var arn = run.Tasks!.Single().TaskArn!;
            await UntilAsync(arn, "RUNNING");
            toRunning.Add(watch.Elapsed);
            await site.Client.CallAsync(EcsOperations.StopTask, new() { Cluster = Site.Cluster, Task = arn }, default);
            await UntilAsync(arn, "STOPPED");
        }

        private async Task UntilAsync(string arn, string status)
        {
            while (true)
            {
                var task = (await site.Client.CallAsync(EcsOperations.DescribeTasks, new() { Cluster = Site.Cluster, Tasks = [arn] }, default)).Tasks!.Single();
                if (task.LastStatus == status)
                {
                    return;
                }
                if (task.LastStatus == "STOPPED")
                {
                    throw new InvalidOperationException($"The task stopped: {task.StoppedReason} {task.Containers?[0].Reason}");
                }
                await Task.Delay(Poll);
            }
        }

        public async Task BareAsync(string image, Series series)
        {
            var watch = Stopwatch.StartNew();
            var made = await site.Engine.Containers.CreateContainerAsync(new CreateContainerParameters
            {
                Image = image, Cmd = Program,
                HostConfig = new HostConfig { NetworkMode = site.Name, Memory = MemoryMib << 20, CPUShares = CpuUnits },
            });
            await site.Engine.Containers.StartContainerAsync(made.ID, new ContainerStartParameters());
            series.Add(watch.Elapsed);
            await site.Engine.Containers.RemoveContainerAsync(made.ID, new ContainerRemoveParameters { Force = true });
        }
    }
}
