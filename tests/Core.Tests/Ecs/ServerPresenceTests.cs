using Longspan.Kernel;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Link;
using Longspan.Services.Ecs.Reconcilers;
using Longspan.Store;
using Longspan.Store.Documents;
using Longspan.Support;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

public sealed class ServerPresenceTests
{
    private const string Scope = "123456789012/eu-central-1/default";
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task The_servers_own_absence_is_not_the_nodes()
    {
        var folder = Directory.CreateTempSubdirectory("longspan-presence-").FullName;
        var clock = new ManualClock(Start);
        try
        {
            await InLifeAsync(folder, clock, async (documents, pass) =>
            {
                await pass("presence");
                await documents.CommitAsync(new Commit().Create(EcsKinds.Instance, Scope, "i", Lost(Start)), CancellationToken.None);
                clock.Advance(TimeSpan.FromMinutes(2));
                await pass("presence");
                await pass($"{Scope}/i");
                Assert.Equal(Start, await LostSinceAsync(documents));
            });
            clock.Advance(TimeSpan.FromHours(1));
            for (var restart = 0; restart < 2; restart++)
            {
                // The hour counts once; a restart without a pause counts for nothing.
                await InLifeAsync(folder, clock, async (documents, pass) =>
                {
                    await pass($"{Scope}/i");
                    await pass($"{Scope}/i");
                    Assert.Equal(Start + TimeSpan.FromHours(1), await LostSinceAsync(documents));
                });
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task InLifeAsync(string folder, ManualClock clock, Func<DocumentLog, Func<string, Task>, Task> life)
    {
        await using var store = await StoreFolder.OpenAsync(folder, clock);
        var cloud = new Cloud(store.Documents, clock, new CloudSettings("123456789012", new Uri("http://127.0.0.1:4566"), folder));
        using var presence = new ServerPresence(cloud);
        var reconciler = new LinkReconciler(cloud, new SessionRegistry(), presence);
        await life(store.Documents, async shard => await reconciler.RunAsync(shard, CancellationToken.None));
    }

    private static async Task<DateTimeOffset?> LostSinceAsync(DocumentLog documents) =>
        (await documents.GetAsync(EcsKinds.Instance, Scope, "i", CancellationToken.None))!.Value.LostSince;

    private static ContainerInstanceDocument Lost(DateTimeOffset since) => new ContainerInstanceDocument
    {
        Id = "i", Arn = "arn:aws:ecs:eu-central-1:123456789012:container-instance/default/i", ClusterName = "default", RegisteredAt = since,
        Registered = new InstanceResources(1024, 1024, [], [], []),
    }.WithConnection(false, since);
}
