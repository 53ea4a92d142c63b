using System.Text;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using Amazon.SecurityToken;
using Amazon.SimpleSystemsManagement;
using Amazon.SimpleSystemsManagement.Model;
using Longspan.Api.Iam;
using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>The AWS SDK for .NET as a program has it that takes on a role, and keeps its secrets with KMS and Parameter Store.</summary>
public sealed class DotNetIdentityTests(LiveServer server) : IClassFixture<LiveServer>
{
    private readonly string _own = Path.GetRandomFileName().Replace(".", "", StringComparison.Ordinal);

    private AWSCredentials Administrator => new BasicAWSCredentials(server.Keys.AccessKeyId, server.Keys.SecretAccessKey);

    private T Config<T>()
        where T : ClientConfig, new() => new() { ServiceURL = server.Endpoint.ToString(), AuthenticationRegion = LiveServer.Region, MaxErrorRetry = 0 };

    [Fact]
    public async Task A_session_of_a_role_does_what_the_role_may()
    {
        var role = (await server.Client.CallAsync(IamOperations.CreateRole, new()
        {
            RoleName = _own, AssumeRolePolicyDocument =
                $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"{{LiveServer.Account}}"},"Action":"sts:AssumeRole"}]}""",
        }, CancellationToken.None)).Role!.Arn!;
        await server.Client.CallAsync(IamOperations.PutRolePolicy, new()
        {
            RoleName = _own, PolicyName = "read", PolicyDocument =
                $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ssm:GetParameter","Resource":"arn:aws:ssm:*:*:parameter/{{_own}}/*"}]}""",
        }, CancellationToken.None);
        using var sts = new AmazonSecurityTokenServiceClient(Administrator, Config<AmazonSecurityTokenServiceConfig>());
        var session = (await sts.AssumeRoleAsync(new() { RoleArn = role, RoleSessionName = "job" })).Credentials;
        using (var own = new AmazonSecurityTokenServiceClient(session, Config<AmazonSecurityTokenServiceConfig>()))
        {
            Assert.Equal($"arn:aws:sts::{LiveServer.Account}:assumed-role/{_own}/job", (await own.GetCallerIdentityAsync(new())).Arn);
        }

        using var admin = new AmazonSimpleSystemsManagementClient(Administrator, Config<AmazonSimpleSystemsManagementConfig>());
        await admin.PutParameterAsync(new() { Name = $"/{_own}/a", Value = "1", Type = ParameterType.String });
        using var ssm = new AmazonSimpleSystemsManagementClient(session, Config<AmazonSimpleSystemsManagementConfig>());
        Assert.Equal("1", (await ssm.GetParameterAsync(new() { Name = $"/{_own}/a" })).Parameter.Value);
        var refused = await Assert.ThrowsAnyAsync<AmazonSimpleSystemsManagementException>(() => ssm.PutParameterAsync(new() { Name = $"/{_own}/a", Value = "2", Overwrite = true }));
        Assert.Equal("AccessDeniedException", refused.ErrorCode);
        Assert.StartsWith($"User: arn:aws:sts::{LiveServer.Account}:assumed-role/{_own}/job is not authorized to perform: ssm:PutParameter on resource: ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_encrypt_and_decrypt()
    {
        using var kms = new AmazonKeyManagementServiceClient(Administrator, Config<AmazonKeyManagementServiceConfig>());
        var key = (await kms.CreateKeyAsync(new())).KeyMetadata;
        Dictionary<string, string> context = new() { ["order"] = "1" };
        var blob = (await kms.EncryptAsync(new() { KeyId = key.Arn, Plaintext = new MemoryStream(Encoding.UTF8.GetBytes("1 Test Quay")), EncryptionContext = context })).CiphertextBlob;
        var opened = await kms.DecryptAsync(new() { CiphertextBlob = blob, EncryptionContext = context });
        Assert.Equal(("1 Test Quay", key.Arn), (Encoding.UTF8.GetString(opened.Plaintext.ToArray()), opened.KeyId));
        await Assert.ThrowsAsync<InvalidCiphertextException>(() => kms.DecryptAsync(new() { CiphertextBlob = blob }));
        var data = await kms.GenerateDataKeyAsync(new() { KeyId = key.KeyId, KeySpec = DataKeySpec.AES_256 });
        Assert.Equal(32, data.Plaintext.Length);
        Assert.Equal(data.Plaintext.ToArray(), (await kms.DecryptAsync(new() { CiphertextBlob = data.CiphertextBlob })).Plaintext.ToArray());
        await kms.DisableKeyAsync(new DisableKeyRequest { KeyId = key.KeyId });
        await Assert.ThrowsAsync<DisabledException>(() => kms.DecryptAsync(new() { CiphertextBlob = blob, EncryptionContext = context }));
    }

    [Fact]
    public async Task Secure_parameters_have_versions_and_a_history()
    {
        using var ssm = new AmazonSimpleSystemsManagementClient(Administrator, Config<AmazonSimpleSystemsManagementConfig>());
        var name = $"/{_own}/password";
        Assert.Equal(1, (await ssm.PutParameterAsync(new() { Name = name, Value = "one", Type = ParameterType.SecureString })).Version);
        await Assert.ThrowsAsync<ParameterAlreadyExistsException>(() => ssm.PutParameterAsync(new() { Name = name, Value = "two", Type = ParameterType.SecureString }));
        Assert.Equal(2, (await ssm.PutParameterAsync(new() { Name = name, Value = "two", Type = ParameterType.SecureString, Overwrite = true })).Version);
        Assert.Equal("two", (await ssm.GetParameterAsync(new() { Name = name, WithDecryption = true })).Parameter.Value);
        Assert.NotEqual("two", (await ssm.GetParameterAsync(new() { Name = name, WithDecryption = false })).Parameter.Value);
        Assert.Equal("one", (await ssm.GetParameterAsync(new() { Name = $"{name}:1", WithDecryption = true })).Parameter.Value);
        var history = (await ssm.GetParameterHistoryAsync(new() { Name = name, WithDecryption = true })).Parameters;
        Assert.Equal([(1L, "one"), (2L, "two")], history.Select(h => (h.Version!.Value, h.Value)));
        await ssm.DeleteParameterAsync(new() { Name = name });
        await Assert.ThrowsAsync<ParameterNotFoundException>(() => ssm.GetParameterAsync(new() { Name = name }));
    }
}
