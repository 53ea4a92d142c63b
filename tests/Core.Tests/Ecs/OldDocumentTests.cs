using System.Text.Json;
using Longspan.Services.Ecs.Documents;
using Xunit;

namespace Longspan.Core.Tests.Ecs;

/// <summary>Documents of earlier releases lack members that came later.</summary>
public sealed class OldDocumentTests
{
    [Fact]
    public void WhatAnEarlierReleaseDidNotWriteIsEmpty()
    {
        var entry = JsonSerializer.Deserialize("""{"entries":[{"taskId":"t","group":"g"}]}""", EcsJson.Default.AssignmentDocument)!.Entries.Single();
        Assert.Empty(entry.Gpus);
        var service = JsonSerializer.Deserialize(
            """
            {"name":"web","arn":"a","clusterName":"c","desiredCount":1,"launchType":"EC2","createdAt":"2026-01-01T00:00:00Z","declared":{},
             "deployments":[{"id":"d","taskDefinitionArn":"t","createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-01-01T00:00:00Z"}]}
            """, EcsJson.Default.ServiceDocument)!;
        Assert.Empty(service.Primary.ImageDigests);
        Assert.Empty(service.TaskSets);
        Assert.Empty(service.History);
    }
}
