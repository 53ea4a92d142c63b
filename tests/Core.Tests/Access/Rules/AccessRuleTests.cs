using Longspan.Api.Ecr;
using Longspan.Api.Shapes;
using Longspan.Api.Sqs;
using Longspan.Kernel;
using Xunit;

namespace Longspan.Core.Tests.Access.Rules;

/// <summary>What every operation of every service asks of the policies, with nothing in the store: the question comes before "not found".</summary>
public sealed class AccessRuleTests
{
    private static readonly Dictionary<string, Rule[]> s_rules = new()
    {
        ["Sqs"] = QueueRules.Sqs,
        ["LongspanQueues"] = QueueRules.LongspanQueues,
        ["Logs"] = QueueRules.Logs,
        ["CloudTrail"] = QueueRules.CloudTrail,
        ["Iam"] = IdentityRules.OfIam,
        ["Sts"] = IdentityRules.OfSts,
        ["Ssm"] = IdentityRules.OfSsm,
        ["SecretsManager"] = SecretRules.OfSecretsManager,
        ["Kms"] = KeyRules.OfKms,
        ["S3"] = ObjectRules.OfS3,
        ["Ecs"] = ContainerRules.OfEcs,
        ["Ecr"] = ContainerRules.OfEcr,
    };

    [Fact]
    public async Task Operations_ask_what_the_table_says()
    {
        await using var cloud = await RuleCloud.StartAsync();
        List<string> differences = [];
        foreach (var (service, rule) in s_rules.SelectMany(s => s.Value.Select(r => (s.Key, r))))
        {
            var asked = await cloud.AskAsync(service, rule.Operation, rule.Members);
            if (!asked.SequenceEqual(rule.Demands))
            {
                differences.Add($"{service}.{rule.Operation}: {string.Join(" ; ", asked)} instead of {string.Join(" ; ", rule.Demands)}");
            }
        }
        Assert.Empty(differences);
    }

    /// <summary>A new operation or service has to be added to the table, and an action cannot be another service's by mistake.</summary>
    [Fact]
    public async Task Every_operation_is_in_the_table_with_actions_of_its_service()
    {
        await using var cloud = await RuleCloud.StartAsync();
        List<string> offences = [];
        foreach (var service in cloud.Services)
        {
            var rules = s_rules.GetValueOrDefault(service.Schema.Name) ?? [];
            offences.AddRange(service.Operations.Keys.Where(o => !service.Access.ContainsKey(o)).Select(o => $"{service.Schema.Name}.{o.Name} has no rule"));
            offences.AddRange(service.Operations.Keys.Select(o => o.Name).Except(rules.Select(r => r.Operation)).Select(o => $"{service.Schema.Name}.{o} is not in the table"));
            offences.AddRange(rules.SelectMany(r => r.Demands).Where(
                d => !d.StartsWith(service.Schema.IamPrefix + ":", StringComparison.Ordinal) && !d.StartsWith("iam:PassRole ", StringComparison.Ordinal)));
        }
        Assert.Empty(offences);
    }

    [Fact]
    public async Task A_queues_policy_and_tags_are_part_of_the_question()
    {
        await using var cloud = await RuleCloud.StartAsync();
        var url = (await cloud.CallAsync(SqsOperations.CreateQueue, new CreateQueueRequest
        {
            QueueName = "orders", Tags = new() { ["team"] = "a" },
            Attributes = new() { ["Policy"] = $$"""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"{{cloud.Ann.Arn}}"},"Action":"sqs:SendMessage","Resource":"*"} }""" },
        })).QueueUrl;
        await cloud.CallAsync(SqsOperations.SendMessage, new SendMessageRequest { QueueUrl = url, MessageBody = "hello" }, cloud.Ann);
        var refused = await Assert.ThrowsAsync<AwsError>(
            () => cloud.CallAsync(SqsOperations.ReceiveMessage, new ReceiveMessageRequest { QueueUrl = url }, cloud.Ann));
        Assert.Contains("sqs:receivemessage", refused.Message);
        // Kept with the definition, and so replaced with it.
        await cloud.CallAsync(SqsOperations.SetQueueAttributes, new SetQueueAttributesRequest { QueueUrl = url, Attributes = new() { ["Policy"] = "" } });
        await Assert.ThrowsAsync<AwsError>(() => cloud.CallAsync(SqsOperations.SendMessage, new SendMessageRequest { QueueUrl = url, MessageBody = "no" }, cloud.Ann));
    }

    [Fact]
    public async Task A_repositorys_policy_is_part_of_the_question()
    {
        await using var cloud = await RuleCloud.StartAsync();
        await cloud.CallAsync(EcrOperations.CreateRepository, new CreateRepositoryRequest { RepositoryName = "orders/api" });
        var list = new ListImagesRequest { RepositoryName = "orders/api" };
        Assert.Equal("AccessDeniedException", (await Assert.ThrowsAsync<AwsError>(() => cloud.CallAsync(EcrOperations.ListImages, list, cloud.Ann))).Code);
        await cloud.CallAsync(EcrOperations.SetRepositoryPolicy, new SetRepositoryPolicyRequest
        {
            RepositoryName = "orders/api",
            PolicyText = $$"""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"{{cloud.Ann.Arn}}"},"Action":"ecr:ListImages"} }""",
        });
        await cloud.CallAsync(EcrOperations.ListImages, list, cloud.Ann);
    }

    [Fact]
    public async Task Nobody_learns_by_a_refusal_what_exists()
    {
        await using var cloud = await RuleCloud.StartAsync();
        await cloud.CallAsync(EcrOperations.CreateRepository, new CreateRepositoryRequest { RepositoryName = "there" });
        var present = await Refusal("there");
        Assert.Equal(present.Replace("there", "none"), await Refusal("none"));

        async Task<string> Refusal(string name) => (await Assert.ThrowsAsync<AwsError>(
            () => cloud.CallAsync(EcrOperations.ListImages, new ListImagesRequest { RepositoryName = name }, cloud.Ann))).Message;
    }
}
