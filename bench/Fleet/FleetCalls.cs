using System.Diagnostics;
using Longspan.Api.Ecs;

namespace Longspan.Fleet;

/// <summary>Describe and List calls, one at a time, while nothing else is asked for.</summary>
internal sealed class FleetCalls(FleetWorld world, FleetServices services)
{
    private const int Page = 100;

    public async Task<List<(string Name, List<double> Milliseconds)>> RunAsync(int calls)
    {
        const string cluster = FleetWorld.Cluster;
        var first = (await world.Client.CallAsync(EcsOperations.ListTasks, new() { Cluster = cluster }, default)).TaskArns!;
        var instances = (await world.Client.CallAsync(EcsOperations.ListContainerInstances, new() { Cluster = cluster }, default)).ContainerInstanceArns!;
        var names = services.Names;
        string? token = null;
        return
        [
            await TimeAsync("ListTasks, all pages in turn", calls, async _ =>
                token = (await world.Client.CallAsync(EcsOperations.ListTasks, new() { Cluster = cluster, NextToken = token }, default)).NextToken),
            await TimeAsync("ListTasks of a service", calls, i =>
                world.Client.CallAsync(EcsOperations.ListTasks, new() { Cluster = cluster, ServiceName = names[i % names.Count] }, default)),
            await TimeAsync("ListTasks of an instance", calls, i =>
                world.Client.CallAsync(EcsOperations.ListTasks, new() { Cluster = cluster, ContainerInstance = instances[i % instances.Count] }, default)),
            await TimeAsync("DescribeTasks, 100", calls, _ =>
                world.Client.CallAsync(EcsOperations.DescribeTasks, new() { Cluster = cluster, Tasks = first }, default)),
            await TimeAsync("ListServices", calls, _ => world.Client.CallAsync(EcsOperations.ListServices, new() { Cluster = cluster }, default)),
            await TimeAsync("DescribeServices, 10", calls, i => world.Client.CallAsync(EcsOperations.DescribeServices, new()
            {
                Cluster = cluster, Services = [.. Enumerable.Range(0, Math.Min(10, names.Count)).Select(n => names[(i + n) % names.Count])],
            }, default)),
            await TimeAsync("ListContainerInstances", calls, _ =>
                world.Client.CallAsync(EcsOperations.ListContainerInstances, new() { Cluster = cluster }, default)),
            await TimeAsync("DescribeContainerInstances, 100", calls, _ =>
                world.Client.CallAsync(EcsOperations.DescribeContainerInstances, new() { Cluster = cluster, ContainerInstances = [.. instances.Take(Page)] }, default)),
            await TimeAsync("DescribeClusters", calls, _ =>
                world.Client.CallAsync(EcsOperations.DescribeClusters, new() { Clusters = [cluster], Include = ["STATISTICS"] }, default)),
        ];
    }

    private static async Task<(string, List<double>)> TimeAsync(string name, int calls, Func<int, Task> call)
    {
        var times = new List<double>(calls);
        for (var i = 0; i < calls; i++)
        {
            var watch = Stopwatch.StartNew();
            await call(i);
            times.Add(watch.Elapsed.TotalMilliseconds);
        }
        return (name, times);
    }
}
