using System.Text.Json;
using Longspan.Api.CloudTrail;
using Longspan.Store.Records;

namespace Longspan.Services.CloudTrail.Rules;

/// <summary>An entry of the audit trail, read back as far as look-ups need it.</summary>
internal sealed class HistoryEvent
{
    private HistoryEvent(Event shape, string region) => (Shape, Region) = (shape, region);

    public Event Shape { get; }
    public string Region { get; }

    /// <summary>IAM and STS belong to no region; their events show in each.</summary>
    public bool IsGlobal => Shape.EventSource is "iam.amazonaws.com" or "sts.amazonaws.com";

    public static HistoryEvent Read(StoredRecord record)
    {
        using var json = JsonDocument.Parse(record.Message);
        var root = json.RootElement;
        var identity = root.GetProperty("userIdentity");
        var shape = new Event
        {
            EventId = Text(root, "eventID"),
            EventName = Text(root, "eventName"),
            ReadOnly = root.GetProperty("readOnly").GetBoolean() ? "true" : "false",
            AccessKeyId = Text(identity, "accessKeyId"),
            EventTime = DateTimeOffset.FromUnixTimeMilliseconds(record.TimestampMs),
            EventSource = Text(root, "eventSource"),
            Username = UsernameOf(identity),
            Resources = [.. root.GetProperty("resources").EnumerateArray().Select(resource => ResourceOf(resource.GetProperty("ARN").GetString()!)), .. KeysOf(root)],
            CloudTrailEvent = record.Message,
        };
        return new HistoryEvent(shape, Text(root, "awsRegion") ?? "");
    }

    /// <summary>Whether the event has this value under one of CloudTrail's look-up keys; names are told apart by case, as on AWS.</summary>
    public bool Has(string key, string value) => key switch
    {
        "EventId" => Shape.EventId == value,
        "EventName" => Shape.EventName == value,
        "ReadOnly" => Shape.ReadOnly == value,
        "Username" => Shape.Username == value,
        "ResourceType" => Shape.Resources!.Any(resource => resource.ResourceType == value),
        "ResourceName" => Shape.Resources!.Any(resource => resource.ResourceName == value || resource.ResourceName!.EndsWith('/' + value, StringComparison.Ordinal)
            || resource.ResourceName.EndsWith(':' + value, StringComparison.Ordinal)),
        "EventSource" => Shape.EventSource == value,
        "AccessKeyId" => Shape.AccessKeyId == value,
        _ => false,
    };

    // A role's session is known by its name, as in AWS's console.
    private static string? UsernameOf(JsonElement identity) => Text(identity, "type") switch
    {
        "IAMUser" or "WebIdentityUser" => Text(identity, "userName"),
        "AssumedRole" or "FederatedUser" => Text(identity, "arn")?.Split('/')[^1],
        "Root" => "root",
        "AWSService" => Text(identity, "invokedBy"),
        _ => Text(identity, "principalId"),
    };

    // As on AWS, a call that handed out keys or a session is found by these: from what a key did, one look-up leads to who was given it.
    private static IEnumerable<Resource> KeysOf(JsonElement root)
    {
        if (Text(root, "eventSource") is not ("iam.amazonaws.com" or "sts.amazonaws.com")
            || root.GetProperty("responseElements") is not { ValueKind: JsonValueKind.Object } answer)
        {
            yield break;
        }
        foreach (var member in (string[])["accessKey", "credentials"])
        {
            if (answer.TryGetProperty(member, out var key) && Text(key, "accessKeyId") is { } id)
            {
                yield return new Resource { ResourceName = id, ResourceType = "AWS::IAM::AccessKey" };
            }
        }
        foreach (var member in (string[])["assumedRoleUser", "federatedUser"])
        {
            if (answer.TryGetProperty(member, out var session) && Text(session, "arn") is { } arn)
            {
                yield return ResourceOf(arn);
            }
        }
    }

    private static Resource ResourceOf(string arn)
    {
        var parts = arn.Split(':', 6);
        var service = parts.Length == 6 ? parts[2] : "";
        var kind = parts.Length == 6 && parts[5].IndexOfAny(['/', ':']) is > 0 and var end ? parts[5][..end] : "";
        return new Resource { ResourceName = arn, ResourceType = TypeOf(service, kind) };
    }

    private static string TypeOf(string service, string kind) => (service, kind) switch
    {
        ("ecs", "cluster") => "AWS::ECS::Cluster",
        ("ecs", "service") => "AWS::ECS::Service",
        ("ecs", "task-definition") => "AWS::ECS::TaskDefinition",
        ("ecs", "task") => "AWS::ECS::Task",
        ("ecs", "container-instance") => "AWS::ECS::ContainerInstance",
        ("ecr", "repository") => "AWS::ECR::Repository",
        ("iam", "user") => "AWS::IAM::User",
        ("iam", "group") => "AWS::IAM::Group",
        ("iam", "role") => "AWS::IAM::Role",
        ("iam", "policy") => "AWS::IAM::Policy",
        ("kms", "key") => "AWS::KMS::Key",
        ("kms", "alias") => "AWS::KMS::Alias",
        ("logs", "log-group") => "AWS::Logs::LogGroup",
        ("s3", _) => "AWS::S3::Bucket",
        ("secretsmanager", "secret") => "AWS::SecretsManager::Secret",
        ("sqs", _) => "AWS::SQS::Queue",
        ("ssm", "parameter") => "AWS::SSM::Parameter",
        ("sts", "assumed-role") => "AWS::STS::AssumedRole",
        ("sts", "federated-user") => "AWS::STS::FederatedUser",
        _ => $"AWS::{service}",
    };

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetString() : null;
}
