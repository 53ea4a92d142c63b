using System.Globalization;
using Longspan.Api.Ecs;
using Longspan.Api.Sqs;
using Longspan.Wire.Client;

namespace Longspan.Cli.Embedded;

/// <summary>Reads the state of an embedded run: processes and link from the machine, everything else through the public API.</summary>
internal static class StatusReader
{
    public static async Task<StatusReport> ReadAsync(Home home, EmbeddedRun run, CancellationToken stop)
    {
        ProcessStatus[] processes =
        [
            Process("server", home.ServerPid), Process(Topology.CloudNode, home.CloudNodePid), Process(Topology.PremisesNode, home.PremisesNodePid),
        ];
        var link = !await PremisesSite.NamespaceExistsAsync(stop) ? "absent" : await PremisesSite.IsCutAsync(stop) ? "cut" : "up";
        SiteStatus[] sites = [new(Topology.CloudSite, "local"), new(Topology.PremisesSite, link)];
        if (processes[0].Pid is null)
        {
            return new StatusReport(home.Folder, run.Endpoint.ToString(), run.WebPage.ToString(), processes, sites, [], [], []);
        }
        using var aws = EmbeddedClient.Open(home, run);
        return new StatusReport(
            home.Folder, run.Endpoint.ToString(), run.WebPage.ToString(), processes, sites,
            await NodesAsync(aws.Client, stop), await ServicesAsync(aws.Client, stop), await QueuesAsync(aws.Client, stop));
    }

    private static ProcessStatus Process(string name, string pidFile)
    {
        var pid = BackgroundProcess.Find(pidFile);
        return new ProcessStatus(name, pid, pid is { } id ? ResidentMib(id) : 0);
    }

    internal static long ResidentMib(int pid)
    {
        try
        {
            var line = File.ReadLines($"/proc/{pid}/status").FirstOrDefault(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    public static async Task<IReadOnlyList<NodeStatus>> NodesAsync(AwsClient aws, CancellationToken stop)
    {
        var listed = await aws.CallAsync(EcsOperations.ListContainerInstances, new() { Cluster = Topology.Cluster }, stop);
        if (listed.ContainerInstanceArns is not { Count: > 0 } arns)
        {
            return [];
        }
        var described = await aws.CallAsync(EcsOperations.DescribeContainerInstances, new() { Cluster = Topology.Cluster, ContainerInstances = arns }, stop);
        string Attribute(ContainerInstance node, string name) => node.Attributes?.FirstOrDefault(a => a.Name == name)?.Value ?? "";
        return [.. (described.ContainerInstances ?? []).Select(node => new NodeStatus(
            Attribute(node, "longspan.node"), Attribute(node, "site"), node.ContainerInstanceArn ?? "", node.AgentConnected ?? false,
            node.RunningTasksCount ?? 0, node.PendingTasksCount ?? 0)).OrderBy(node => node.Name, StringComparer.Ordinal)];
    }

    private static async Task<IReadOnlyList<ServiceStatus>> ServicesAsync(AwsClient aws, CancellationToken stop)
    {
        var listed = await aws.CallAsync(EcsOperations.ListServices, new() { Cluster = Topology.Cluster }, stop);
        if (listed.ServiceArns is not { Count: > 0 } arns)
        {
            return [];
        }
        var described = await aws.CallAsync(EcsOperations.DescribeServices, new() { Cluster = Topology.Cluster, Services = arns }, stop);
        return [.. (described.Services ?? []).Select(service => new ServiceStatus(
            service.ServiceName ?? "", service.LaunchType ?? "", service.DesiredCount ?? 0, service.RunningCount ?? 0, service.PendingCount ?? 0,
            (service.TaskDefinition ?? "").Split('/')[^1], service.Events?.FirstOrDefault()?.Message)).OrderBy(service => service.Name, StringComparer.Ordinal)];
    }

    private static async Task<IReadOnlyList<QueueStatus>> QueuesAsync(AwsClient aws, CancellationToken stop)
    {
        var queues = new List<QueueStatus>();
        foreach (var url in (await aws.CallAsync(SqsOperations.ListQueues, new(), stop)).QueueUrls ?? [])
        {
            var answer = await aws.CallAsync(SqsOperations.GetQueueAttributes, new() { QueueUrl = url, AttributeNames = ["All"] }, stop);
            long Count(string name) => long.Parse(answer.Attributes?.GetValueOrDefault(name) ?? "0", CultureInfo.InvariantCulture);
            queues.Add(new QueueStatus(
                url.Split('/')[^1], Count("ApproximateNumberOfMessages"), Count("ApproximateNumberOfMessagesNotVisible"), Count("ApproximateNumberOfMessagesDelayed")));
        }
        return queues;
    }
}
