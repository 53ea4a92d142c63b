using Longspan.Api.Ecs;
using Longspan.Services.Ecs.Mirror;
using Longspan.Services.Ecs.Reconcilers;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>A service that is not looked at again when it must be stands still until the next sweep, half a minute later.</summary>
public sealed class ServiceAgendaTests : IAsyncLifetime
{
    private const string Scope = $"{EcsCloud.Account}/{EcsCloud.Region}/default";
    private static readonly PassOutcome s_nothing = new(null, false, false);
    private readonly ServiceAgenda _agenda = new(TimeProvider.System, TimeSpan.FromHours(1));
    private EcsCloud _cloud = null!;

    public async Task InitializeAsync()
    {
        _cloud = await EcsCloud.StartAsync(owners: 0);
        await _cloud.CallAsync(EcsOperations.CreateService, new() { ServiceName = "web", DesiredCount = 1, DeploymentController = new() { Type = "EXTERNAL" } });
        Assert.Equal(["web"], await DueAsync());
    }

    public async Task DisposeAsync() => await _cloud.DisposeAsync();

    private ValueTask<T> ReadAsync<T>(Func<ClusterMirror, T> read) => EcsMirror.ReadAsync(_cloud.Cloud.Documents, Scope, read, CancellationToken.None);

    private async Task<IReadOnlyList<string>> DueAsync() => (await ReadAsync(_agenda.Due)).Names;

    private async Task<ServiceLook> BeginAsync() => (await ReadAsync(cluster => _agenda.Begin("web", cluster)))!;

    private Task ChangeAsync(int count) => _cloud.CallAsync(EcsOperations.UpdateService, new() { Service = "web", DesiredCount = count });

    /// <summary>A pass looks once more for each task set. What changed since its first look may be a task of a set that it has left behind.</summary>
    [Fact]
    public async Task WhatChangesWhileAPassGoesFromSetToSetMakesTheServiceDue()
    {
        var look = await BeginAsync();
        await ChangeAsync(2);
        Assert.NotNull(await ReadAsync(cluster => ServiceAgenda.Look("web", cluster)));
        _agenda.End(look, s_nothing, TimeSpan.Zero);
        Assert.Equal(["web"], await DueAsync());

        _agenda.End(await BeginAsync(), s_nothing, TimeSpan.Zero);
        Assert.Empty(await DueAsync());
    }

    /// <summary>Two drivers at work: the one that looked first and ends last knows less than the other.</summary>
    [Fact]
    public async Task APassThatLookedEarlierDoesNotPutOffWhatALaterOneWantsToSee()
    {
        var first = await BeginAsync();
        await ChangeAsync(2);
        var second = await BeginAsync();
        _agenda.End(second, s_nothing with { Next = TimeSpan.FromMinutes(5) }, TimeSpan.Zero);
        _agenda.End(first, s_nothing, TimeSpan.Zero);
        Assert.True(_agenda.Next() is { } next && next > TimeSpan.FromMinutes(4) && next <= TimeSpan.FromMinutes(5));
        Assert.Empty(await DueAsync());
    }
}
