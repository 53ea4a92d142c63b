using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>A test that runs once with every Python on the machine that has boto3: Debian's speaks the Query protocol to queues, today's JSON.</summary>
internal sealed class Boto3TheoryAttribute : TheoryAttribute
{
    public Boto3TheoryAttribute() => Skip = Boto3Tests.Pythons.Value.Length > 0 ? null : "no Python with boto3 on this machine";
}

public sealed class Boto3Tests(QueueSite site) : IClassFixture<QueueSite>
{
    internal static readonly Lazy<string[]> Pythons = new(() =>
        [.. Tool.Find("python3").Where(python => Tool.StartsAsync(python, "-c", "import boto3").GetAwaiter().GetResult())]);

    public static TheoryData<string> Programs() => new(Pythons.Value.DefaultIfEmpty("python3"));

    [Boto3Theory, MemberData(nameof(Programs))]
    public async Task The_client_gets_what_Amazon_gives_it(string python) => Assert.Equal(
        ["one_message", "batches", "fifo", "long_poll", "dead_letters", "queue_urls", "errors"],
        await site.ProvedAsync(python, QueueSite.Script("python", "boto3_client.py")));

    [Boto3Theory, MemberData(nameof(Programs))]
    public async Task The_resources_get_what_Amazon_gives_them(string python) => Assert.Equal(
        ["messages", "batches", "queues"],
        await site.ProvedAsync(python, QueueSite.Script("python", "boto3_resource.py")));

    [Boto3Theory, MemberData(nameof(Programs))]
    public async Task The_client_gets_what_Amazon_gives_it_from_the_other_services(string python) => Assert.Equal(
        ["identity", "users", "parameters", "log_events", "repositories", "clusters", "task_sets"],
        await site.ProvedAsync(python, QueueSite.Script("python", "boto3_services.py")));

    [Boto3Theory, MemberData(nameof(Programs))]
    public async Task The_client_gets_what_Amazon_gives_it_for_secrets_parameters_and_keys(string python) => Assert.Equal(
        ["secrets", "parameters", "keys"],
        await site.ProvedAsync(python, QueueSite.Script("python", "boto3_secrets.py")));
}
