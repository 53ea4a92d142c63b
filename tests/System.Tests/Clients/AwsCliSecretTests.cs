using System.Text.Json.Nodes;
using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>Amazon's command line, unmodified: secrets with their versions, and what Parameter Store does beyond keeping values.</summary>
public sealed class AwsCliSecretTests(LiveServer server) : IClassFixture<LiveServer>
{
    private readonly string _own = Path.GetRandomFileName().Replace(".", "", StringComparison.Ordinal);

    private AwsCli Cli(string program) => new(program, server.Endpoint, server.Keys);

    [AwsCliTheory, MemberData(nameof(AwsCli.Programs), MemberType = typeof(AwsCli))]
    public async Task Secrets_manager_keeps_versions(string program)
    {
        var admin = Cli(program);
        var name = $"shop/{_own}";
        var made = await admin.JsonAsync(
            "secretsmanager", "create-secret", "--name", name, "--secret-string", """{"user":"app","password":"one"}""", "--tags", "Key=team,Value=orders");
        var arn = (string)made["ARN"]!;
        Assert.Matches($"^arn:aws:secretsmanager:{LiveServer.Region}:{LiveServer.Account}:secret:{name}-[A-Za-z0-9]{{6}}$", arn);
        Assert.Contains("ResourceExistsException", await admin.RefusalAsync("secretsmanager", "create-secret", "--name", name, "--secret-string", "x"), StringComparison.Ordinal);
        await admin.TextAsync("secretsmanager", "put-secret-value", "--secret-id", arn, "--secret-string", "two");
        Assert.Equal("two", (string?)(await admin.JsonAsync("secretsmanager", "get-secret-value", "--secret-id", name))["SecretString"]);
        var previous = await admin.JsonAsync("secretsmanager", "get-secret-value", "--secret-id", arn[..^7], "--version-stage", "AWSPREVIOUS");
        Assert.Equal((string?)made["VersionId"], (string?)previous["VersionId"]);
        await admin.TextAsync("secretsmanager", "update-secret", "--secret-id", name, "--description", "the shop's database");
        var described = await admin.JsonAsync("secretsmanager", "describe-secret", "--secret-id", name);
        Assert.Equal(("the shop's database", 2), ((string?)described["Description"], described["VersionIdsToStages"]!.AsObject().Count));
        Assert.Equal("orders", (string?)described["Tags"]![0]!["Value"]);
        var listed = await admin.JsonAsync("secretsmanager", "list-secrets", "--filters", $"Key=name,Values={name}");
        Assert.Equal(arn, (string?)listed["SecretList"]!.AsArray().Single()!["ARN"]);
        var versions = await admin.JsonAsync("secretsmanager", "list-secret-version-ids", "--secret-id", name, "--include-deprecated");
        Assert.Equal(2, versions["Versions"]!.AsArray().Count);
    }

    [AwsCliTheory, MemberData(nameof(AwsCli.Programs), MemberType = typeof(AwsCli))]
    public async Task Secrets_manager_deletes_with_a_way_back(string program)
    {
        var admin = Cli(program);
        await admin.TextAsync("secretsmanager", "create-secret", "--name", _own, "--secret-string", "v");
        var deleted = await admin.JsonAsync("secretsmanager", "delete-secret", "--secret-id", _own, "--recovery-window-in-days", "7");
        Assert.NotNull(deleted["DeletionDate"]);
        var refusal = await admin.RefusalAsync("secretsmanager", "get-secret-value", "--secret-id", _own);
        Assert.Contains("(InvalidRequestException)", refusal, StringComparison.Ordinal);
        Assert.Contains("You can't perform this operation on the secret because it was marked for deletion.", refusal, StringComparison.Ordinal);
        await admin.TextAsync("secretsmanager", "restore-secret", "--secret-id", _own);
        Assert.Equal("v", (string?)(await admin.JsonAsync("secretsmanager", "get-secret-value", "--secret-id", _own))["SecretString"]);
        await admin.TextAsync("secretsmanager", "delete-secret", "--secret-id", _own, "--force-delete-without-recovery");
        refusal = await admin.RefusalAsync("secretsmanager", "get-secret-value", "--secret-id", _own);
        Assert.Contains("(ResourceNotFoundException)", refusal, StringComparison.Ordinal);
        Assert.Contains("Secrets Manager can't find the specified secret.", refusal, StringComparison.Ordinal);
    }

    [AwsCliTheory, MemberData(nameof(AwsCli.Programs), MemberType = typeof(AwsCli))]
    public async Task Secrets_manager_makes_passwords_and_keeps_policies(string program)
    {
        var admin = Cli(program);
        var password = (string?)(await admin.JsonAsync("secretsmanager", "get-random-password", "--password-length", "40", "--exclude-punctuation"))["RandomPassword"];
        Assert.Matches("^[A-Za-z0-9]{40}$", password);
        await admin.TextAsync("secretsmanager", "create-secret", "--name", _own, "--secret-string", "v");
        var policy = $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::{{LiveServer.Account}}:user/admin"},"Action":"secretsmanager:DeleteSecret","Resource":"*"}]}""";
        await admin.TextAsync("secretsmanager", "put-resource-policy", "--secret-id", _own, "--resource-policy", policy, "--block-public-policy");
        var kept = (string)(await admin.JsonAsync("secretsmanager", "get-resource-policy", "--secret-id", _own))["ResourcePolicy"]!;
        Assert.Equal("Deny", (string?)JsonNode.Parse(kept)!["Statement"]![0]!["Effect"]);
    }

    [AwsCliTheory, MemberData(nameof(AwsCli.Programs), MemberType = typeof(AwsCli))]
    public async Task Ssm_labels_versions_and_reads_secrets(string program)
    {
        var admin = Cli(program);
        var name = $"/{_own}/url";
        await admin.TextAsync("ssm", "put-parameter", "--name", name, "--type", "String", "--value", "one");
        await admin.TextAsync("ssm", "put-parameter", "--name", name, "--value", "two", "--overwrite");
        var labelled = await admin.JsonAsync("ssm", "label-parameter-version", "--name", name, "--parameter-version", "1", "--labels", "prod", "aws-no");
        Assert.Equal("aws-no", (string?)labelled["InvalidLabels"]!.AsArray().Single());
        Assert.Equal("one", (string?)(await admin.JsonAsync("ssm", "get-parameter", "--name", $"{name}:prod"))["Parameter"]!["Value"]);
        await admin.TextAsync("ssm", "unlabel-parameter-version", "--name", name, "--parameter-version", "1", "--labels", "prod");
        Assert.Contains("ParameterVersionNotFound", await admin.RefusalAsync("ssm", "get-parameter", "--name", $"{name}:prod"), StringComparison.Ordinal);

        await admin.TextAsync("secretsmanager", "create-secret", "--name", $"ref/{_own}", "--secret-string", "v");
        var secret = await admin.JsonAsync("ssm", "get-parameter", "--name", $"/aws/reference/secretsmanager/ref/{_own}", "--with-decryption");
        Assert.Equal("v", (string?)secret["Parameter"]!["Value"]);
        var key = (string)(await admin.JsonAsync("kms", "create-key"))["KeyMetadata"]!["KeyId"]!;
        await admin.TextAsync("ssm", "put-parameter", "--name", $"/{_own}/key", "--type", "SecureString", "--key-id", key, "--value", "s3cret");
        Assert.Equal("s3cret", (string?)(await admin.JsonAsync("ssm", "get-parameter", "--name", $"/{_own}/key", "--with-decryption"))["Parameter"]!["Value"]);
    }
}
