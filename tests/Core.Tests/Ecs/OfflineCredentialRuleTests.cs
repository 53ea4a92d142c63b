using Longspan.AgentLink;
using Longspan.Api.Ecs;
using Longspan.Kernel.Access;
using Longspan.Services.Ecs.Documents;
using Longspan.Services.Ecs.Rules;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>Who gets offline credentials, and when a call with them counts: each condition taken away by itself.</summary>
public sealed class OfflineCredentialRuleTests
{
    private const string TaskArn = "arn:aws:ecs:eu-central-1:123456789012:task/default/t";
    private static readonly DateTimeOffset Made = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset UsualEnd = Made.AddHours(1);
    private static readonly DateTimeOffset Back = Made.AddHours(4);
    private static readonly DateTimeOffset Now = Back.AddMinutes(5);

    private static readonly ContainerInstanceDocument Instance = new()
    {
        Id = "i", Arn = "arn:i", ClusterName = "default", RegisteredAt = Made, AgentConnected = true, Registered = new(1024, 1024, [], [], []),
        Attributes = [new(NodeCapability.OfflineCredentials, null), new(NodeCapability.Site, "factory")],
        Absences = [new(Made.AddMinutes(10), Back)],
    };

    private static readonly TaskDocument Task = new()
    {
        Id = "t", Arn = TaskArn, ClusterName = "default", Family = "f", Revision = 1, TaskDefinitionArn = "arn:d", LaunchType = "EXTERNAL", InstanceId = "i",
        InstanceArn = "arn:i", LastStatus = "RUNNING", DesiredStatus = "RUNNING", CreatedAt = Made,
    };

    private static readonly SessionClaims Session = new()
    {
        AccessKeyId = "ASIA", Secret = "s", AccountId = "123456789012", PrincipalName = "app", PrincipalId = "AROA", RoleSessionName = "t",
        IssuedAtMilliseconds = Made.ToUnixTimeMilliseconds(), ExpiresAtSeconds = Made.AddHours(8).ToUnixTimeSeconds(),
        Offline = new OfflineClaims { TaskArn = TaskArn, InstanceId = "i", UsableFromSeconds = UsualEnd.ToUnixTimeSeconds() },
    };

    private static ClusterDocument Cluster(params (string Key, string Value)[] tags) => new()
    {
        Name = "default", Arn = "arn:c", CreatedAt = Made, Declared = new Cluster(), Tags = tags.ToDictionary(t => t.Key, t => t.Value),
    };

    private static readonly ClusterDocument Wanting = Cluster((OfflineCredentials.LifeTag, "8h"));

    [Fact]
    public void It_counts_while_all_holds() => Assert.True(OfflineCredentials.IsAccepted(Session, Wanting, Instance, Task, Now));

    [Fact]
    public void An_instance_that_is_away_or_known_no_more_gives_it_no_use()
    {
        ContainerInstanceDocument?[] wrong =
        [
            null, Instance with { AgentConnected = false }, Instance with { Status = "INACTIVE" }, Instance with { Id = "other" },
            // Of a release that did not keep absences, or was never away.
            Instance with { Absences = [] },
            // Back before the usual keys ended, and gone only after that.
            Instance with { Absences = [new(Made.AddMinutes(10), UsualEnd.AddSeconds(-1)), new(UsualEnd.AddSeconds(1), Back)] },
            // Too long ago: its containers have been getting the usual keys again.
            Instance with { Absences = [new(Made.AddMinutes(10), Now - OfflineCredentials.AfterReturn)] },
        ];
        Assert.All(wrong, instance => Assert.False(OfflineCredentials.IsAccepted(Session, Wanting, instance, Task, Now)));
    }

    [Fact]
    public void A_task_that_is_not_to_run_there_gives_it_no_use()
    {
        TaskDocument?[] wrong =
        [
            null, Task with { DesiredStatus = "STOPPED" }, Task with { LastStatus = "STOPPED" }, Task with { InstanceId = "other" },
            Task with { Arn = TaskArn + "2" },
        ];
        Assert.All(wrong, task => Assert.False(OfflineCredentials.IsAccepted(Session, Wanting, Instance, task, Now)));
    }

    [Fact]
    public void The_operators_word_is_asked_each_time()
    {
        ClusterDocument?[] wrong =
        [
            null, Cluster(), Wanting with { Status = "INACTIVE" }, Cluster((OfflineCredentials.LifeTag, "4h")), Cluster((OfflineCredentials.LifeTag, "yes")),
            Cluster((OfflineCredentials.LifeTag, "8h"), (OfflineCredentials.SitesTag, "harbour")),
        ];
        Assert.All(wrong, cluster => Assert.False(OfflineCredentials.IsAccepted(Session, cluster, Instance, Task, Now)));
        Assert.True(OfflineCredentials.IsAccepted(
            Session, Cluster((OfflineCredentials.LifeTag, "8h"), (OfflineCredentials.SitesTag, "harbour factory")), Instance, Task, Now));
    }

    [Fact]
    public void Its_time_is_over_when_it_is_over()
    {
        var late = Instance with { Absences = [new(Made.AddMinutes(10), Made.AddHours(8).AddMinutes(-1))] };
        Assert.True(OfflineCredentials.IsAccepted(Session, Wanting, late, Task, Made.AddHours(8).AddSeconds(-1)));
        Assert.False(OfflineCredentials.IsAccepted(Session, Wanting, late, Task, Made.AddHours(8)));
        Assert.False(OfflineCredentials.IsAccepted(Session, Cluster((OfflineCredentials.LifeTag, "12h")), late, Task, Made.AddHours(8)));
        // A session of the usual kind is none of its business.
        Assert.False(OfflineCredentials.IsAccepted(Session with { Offline = null }, Wanting, Instance, Task, Now));
    }

    [Theory]
    [InlineData("2h", 2.0)]
    [InlineData("720m", 12.0)]
    [InlineData("119m", null)]
    [InlineData("13h", null)]
    [InlineData("never", null)]
    [InlineData("", null)]
    public void The_time_is_between_two_and_twelve_hours(string value, double? hours)
    {
        var tags = new Dictionary<string, string> { [OfflineCredentials.LifeTag] = value };
        Assert.Equal(hours, OfflineCredentials.LifeFor(tags, Instance)?.TotalHours);
        if (hours is null)
        {
            Assert.ThrowsAny<Api.Ecs.InvalidParameterException>(() => OfflineCredentials.Check(tags));
        }
        else
        {
            OfflineCredentials.Check(tags);
        }
    }

    [Fact]
    public void Sites_are_names_and_agents_that_keep_no_such_keys_get_none()
    {
        Assert.ThrowsAny<Api.Ecs.InvalidParameterException>(() => OfflineCredentials.Check(new Dictionary<string, string> { [OfflineCredentials.SitesTag] = " " }));
        Assert.Null(OfflineCredentials.LifeFor(Wanting.Tags, Instance with { Attributes = [new(NodeCapability.Site, "factory")] }));
        var limited = Cluster((OfflineCredentials.LifeTag, "8h"), (OfflineCredentials.SitesTag, "factory"));
        Assert.Null(OfflineCredentials.LifeFor(limited.Tags, Instance with { Attributes = [new(NodeCapability.OfflineCredentials, null)] }));
    }

    [Fact]
    public void An_absence_begins_when_nobody_heard_it_any_more_whoever_was_away()
    {
        var known = Instance with { Absences = [], AgentConnected = true };
        Assert.Empty(OfflineCredentials.WithReturn(known, null, Now).Absences);
        Assert.Equal([new(Made, Now)], OfflineCredentials.WithReturn(known, Made, Now).Absences);

        // LostSince has moved on by an hour in which the server was away.
        var lost = known with { AgentConnected = false, ConnectivityChangedAt = Made, LostSince = Made.AddHours(1) };
        Assert.Equal([new(Made, Now)], OfflineCredentials.WithReturn(lost, null, Now).Absences);
        Assert.Equal([new(Made.AddMinutes(-5), Now)], OfflineCredentials.WithReturn(lost, Made.AddMinutes(-5), Now).Absences);
        Assert.Empty(OfflineCredentials.WithReturn(lost with { ConnectivityChangedAt = Now.AddSeconds(-30), LostSince = Now.AddSeconds(-40) }, null, Now).Absences);
    }

    [Fact]
    public void Absences_that_matter_no_more_are_forgotten_and_the_others_are_bounded()
    {
        var instance = Instance with { AgentConnected = false, LostSince = Now.AddMinutes(-2), Absences = [new(Made, Now.AddHours(-2)), new(Made, Back)] };
        Assert.Equal([new(Made, Back), new(Now.AddMinutes(-2), Now)], OfflineCredentials.WithReturn(instance, null, Now).Absences);
        var flapping = instance with { Absences = [.. Enumerable.Range(0, 100).Select(i => new InstanceAbsence(Made, Back))] };
        Assert.Equal(16, OfflineCredentials.WithReturn(flapping, null, Now).Absences.Count);
    }
}
