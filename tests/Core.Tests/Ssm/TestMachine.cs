using System.Security.Cryptography;
using System.Text;
using Longspan.Api.Shapes;
using Longspan.Api.Ssm;
using Longspan.Core.Tests.Access;
using Longspan.Kernel;
using Xunit;

namespace Longspan.Core.Tests.Ssm;

/// <summary>What a machine's agent does, as far as identity goes: it has a key and a fingerprint, registers, and signs.</summary>
internal sealed class TestMachine : IDisposable
{
    private RSA _key = RSA.Create(2048);

    public string Fingerprint { get; set; } = "9388de91-6b58-4938-9300-058829995757";
    public string Id { get; private set; } = "";
    public string PublicKey => PublicKeyOf(_key);

    public static string PublicKeyOf(RSA key) => Convert.ToBase64String(key.ExportSubjectPublicKeyInfo());

    public async Task<TestMachine> RegisterAsync(AccessCloud cloud, CreateActivationResult activation)
    {
        var caller = await cloud.Ssm.AuthenticateAsync(SsmOperations.RegisterManagedInstance, null, default);
        Assert.NotNull(caller);
        // An unsigned request names no region; the activation does.
        Id = (await cloud.CallAsync(SsmOperations.RegisterManagedInstance, Request(activation), caller, "elsewhere-9")).InstanceId!;
        return this;
    }

    public RegisterManagedInstanceRequest Request(CreateActivationResult activation) => new()
    {
        ActivationId = activation.ActivationId,
        ActivationCode = activation.ActivationCode,
        Fingerprint = Fingerprint,
        PublicKey = PublicKey,
        PublicKeyType = "Rsa",
    };

    public async Task<Caller> AuthenticateAsync(AccessCloud cloud, Operation operation, string region = AccessCloud.Region)
    {
        var caller = await cloud.Ssm.AuthenticateAsync(operation, Sign(region), default);
        Assert.NotNull(caller);
        return caller;
    }

    public async Task<RequestManagedInstanceRoleTokenResult> RoleTokenAsync(AccessCloud cloud) => await cloud.CallAsync(
        SsmOperations.RequestManagedInstanceRoleToken, new RequestManagedInstanceRoleTokenRequest { Fingerprint = Fingerprint },
        await AuthenticateAsync(cloud, SsmOperations.RequestManagedInstanceRoleToken));

    /// <summary>The caller that the machine is with its role's keys.</summary>
    public async Task<Caller> RoleCallerAsync(AccessCloud cloud)
    {
        var token = await RoleTokenAsync(cloud);
        return (await cloud.Keys.FindAsync(token.AccessKeyId!, token.SessionToken, default)).Caller!;
    }

    public async Task RotateAsync(AccessCloud cloud, RSA newKey, bool useNewKey = true)
    {
        await cloud.CallAsync(
            SsmOperations.UpdateManagedInstancePublicKey,
            new UpdateManagedInstancePublicKeyRequest { NewPublicKey = PublicKeyOf(newKey), NewPublicKeyType = "Rsa" },
            await AuthenticateAsync(cloud, SsmOperations.UpdateManagedInstancePublicKey));
        if (useNewKey)
        {
            _key.Dispose();
            _key = newKey;
        }
    }

    public SignedRequest Sign(string region = AccessCloud.Region, RSASignaturePadding? padding = null)
    {
        var text = $"AWS4-HMAC-SHA256\n20261123T120000Z\n20261123/{region}/ssm/aws4_request\n{new string('a', 64)}";
        var signature = _key.SignData(Encoding.UTF8.GetBytes(text), HashAlgorithmName.SHA256, padding ?? RSASignaturePadding.Pss);
        return new SignedRequest(Id, region, text, Convert.ToBase64String(signature));
    }

    public void Dispose() => _key.Dispose();
}
