using System.Security.Cryptography;
using Longspan.Api.Iam;
using Longspan.Api.Shapes;
using Longspan.Api.Ssm;
using Longspan.Core.Tests.Access;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Xunit;

namespace Longspan.Core.Tests.Ssm;

public sealed class RegistrationTests
{
    [Fact]
    public async Task AMachineRegistersAndGetsItsRolesKeys()
    {
        await using var cloud = await StartAsync();
        var activation = await ActivateAsync(cloud, name: "press-1");
        using var machine = await new TestMachine().RegisterAsync(cloud, activation);
        Assert.Matches("^mi-[0-9a-f]{17}$", machine.Id);

        var token = await machine.RoleTokenAsync(cloud);
        Assert.NotNull(token.AccessKeyId);
        Assert.NotNull(token.SecretAccessKey);
        Assert.NotNull(token.SessionToken);
        Assert.Equal(cloud.Clock.GetUtcNow().AddHours(1), token.TokenExpirationDate);
        Assert.False(token.UpdateKeyPair);

        var found = await cloud.Keys.FindAsync(token.AccessKeyId!, token.SessionToken, default);
        Assert.Equal(token.SecretAccessKey, found.Secret);
        Assert.Equal($"arn:aws:sts::123456789012:assumed-role/machines/{machine.Id}", found.Caller!.Arn);
        Assert.Equal(machine.Id, found.Caller.SessionName);
    }

    [Fact]
    public async Task AnActivationsCodeIsAsTheAgentWantsItAndKeptOnlyAsAHash()
    {
        await using var cloud = await StartAsync();
        var activation = await ActivateAsync(cloud);
        Assert.True(activation.ActivationCode!.Length >= 20);
        Assert.True(Guid.TryParseExact(activation.ActivationId, "D", out _));
        await cloud.RestartAsync();
        foreach (var file in Directory.EnumerateFiles(cloud.Folder, "documents.db*"))
        {
            await using var open = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var text = new StreamReader(open, System.Text.Encoding.Latin1);
            Assert.DoesNotContain(activation.ActivationCode, await text.ReadToEndAsync(), StringComparison.Ordinal);
        }
        using var machine = await new TestMachine().RegisterAsync(cloud, activation);
        Assert.NotEmpty(machine.Id);
    }

    [Fact]
    public async Task WrongCodesAndUsedUpActivationsAreRefused()
    {
        await using var cloud = await StartAsync();
        var activation = await ActivateAsync(cloud);
        using var machine = new TestMachine();
        var wrong = new CreateActivationResult { ActivationId = activation.ActivationId, ActivationCode = new string('x', 20) };
        Assert.Equal("InvalidActivation", await AccessCloud.CodeOfAsync(() => machine.RegisterAsync(cloud, wrong)));
        var unknown = new CreateActivationResult { ActivationId = Ids.Uuid(), ActivationCode = activation.ActivationCode };
        Assert.Equal("InvalidActivation", await AccessCloud.CodeOfAsync(() => machine.RegisterAsync(cloud, unknown)));

        await machine.RegisterAsync(cloud, activation);
        using var second = new TestMachine();
        Assert.Equal("InvalidActivation", await AccessCloud.CodeOfAsync(() => second.RegisterAsync(cloud, activation)));
        await cloud.CallAsync(SsmOperations.DeleteActivation, new DeleteActivationRequest { ActivationId = activation.ActivationId });
        Assert.Equal("InvalidActivation", await AccessCloud.CodeOfAsync(() => second.RegisterAsync(cloud, activation)));
        // What is registered stays.
        await machine.RoleTokenAsync(cloud);
    }

    [Fact]
    public async Task ExpiredActivationsAreRefused()
    {
        await using var cloud = await StartAsync();
        var activation = await ActivateAsync(cloud);
        cloud.Clock.Advance(TimeSpan.FromHours(24));
        using var machine = new TestMachine();
        Assert.Equal("ActivationExpired", await AccessCloud.CodeOfAsync(() => machine.RegisterAsync(cloud, activation)));
    }

    [Fact]
    public async Task ARepeatWithTheSameKeyGetsTheSameIdAndCountsOnce()
    {
        await using var cloud = await StartAsync();
        var activation = await ActivateAsync(cloud, limit: 2);
        using var machine = await new TestMachine().RegisterAsync(cloud, activation);
        var first = machine.Id;
        await machine.RegisterAsync(cloud, activation);
        Assert.Equal(first, machine.Id);
        var described = await cloud.CallAsync(SsmOperations.DescribeActivations, new DescribeActivationsRequest());
        Assert.Equal(1, Assert.Single(described.ActivationList!).RegistrationsCount);
    }

    [Fact]
    public async Task TheLimitHoldsAgainstManyAtOnce()
    {
        await using var cloud = await StartAsync();
        var activation = await ActivateAsync(cloud, limit: 5);
        var attempts = Enumerable.Range(0, 12).Select(_ => Task.Run(async () =>
        {
            using var machine = new TestMachine();
            try
            {
                return (await machine.RegisterAsync(cloud, activation)).Id;
            }
            catch (InvalidActivation)
            {
                return null;
            }
        })).ToArray();
        var ids = (await Task.WhenAll(attempts)).OfType<string>().ToList();
        Assert.Equal(5, ids.Distinct().Count());
        var listed = await cloud.CallAsync(SsmOperations.DescribeInstanceInformation, new DescribeInstanceInformationRequest());
        Assert.Equal(5, listed.InstanceInformationList!.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not base64")]
    [InlineData("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A")]
    public async Task WhatIsNoKeyIsRefused(string publicKey)
    {
        await using var cloud = await StartAsync();
        var activation = await ActivateAsync(cloud);
        using var machine = new TestMachine();
        var request = machine.Request(activation);
        request.PublicKey = publicKey;
        Assert.Equal("ValidationException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(SsmOperations.RegisterManagedInstance, request)));
    }

    [Fact]
    public async Task ShortKeysAreRefused()
    {
        await using var cloud = await StartAsync();
        using var weak = RSA.Create(1024);
        using var machine = new TestMachine();
        var request = machine.Request(await ActivateAsync(cloud));
        request.PublicKey = TestMachine.PublicKeyOf(weak);
        Assert.Equal("ValidationException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(SsmOperations.RegisterManagedInstance, request)));
    }

    [Theory]
    [InlineData("nobody", null, null, "ValidationException")]
    [InlineData("tasks", null, null, "ValidationException")]
    [InlineData("machines", 0, null, "ValidationException")]
    [InlineData("machines", 1001, null, "ValidationException")]
    [InlineData("machines", 1000, 31 * 24, "InvalidParameters")]
    [InlineData("machines", 1, -1, "InvalidParameters")]
    public async Task ActivationsAreChecked(string role, int? limit, int? hours, string code)
    {
        await using var cloud = await StartAsync();
        await cloud.CreateRoleAsync("tasks", AccessCloud.TrustEcsTasks);
        Assert.Equal(code, await AccessCloud.CodeOfAsync(() => cloud.CallAsync(SsmOperations.CreateActivation, new CreateActivationRequest
        {
            IamRole = role,
            RegistrationLimit = limit,
            ExpirationDate = hours is { } h ? cloud.Clock.GetUtcNow().AddHours(h) : null,
        })));
    }

    [Fact]
    public async Task SignaturesThatAreNotTheMachinesAreRefused()
    {
        await using var cloud = await StartAsync();
        var activation = await ActivateAsync(cloud, limit: 2);
        using var one = await new TestMachine().RegisterAsync(cloud, activation);
        using var other = await new TestMachine().RegisterAsync(cloud, activation);

        var good = one.Sign();
        Assert.Equal("InvalidSignatureException", await CheckAsync(cloud, good with { KeyId = other.Id }));
        Assert.Equal("InvalidSignatureException", await CheckAsync(cloud, good with { StringToSign = good.StringToSign + "x" }));
        Assert.Equal("InvalidSignatureException", await CheckAsync(cloud, good with { Signature = "" }));
        Assert.Equal("InvalidSignatureException", await CheckAsync(cloud, good with { Signature = new string('A', 100_000) }));
        Assert.Equal("InvalidSignatureException", await CheckAsync(cloud, one.Sign(padding: RSASignaturePadding.Pkcs1)));
        Assert.Equal("AccessDeniedException", await CheckAsync(cloud, good with { KeyId = "mi-00000000000000000" }));
        // A machine of another region is none here.
        Assert.Equal("AccessDeniedException", await CheckAsync(cloud, one.Sign("elsewhere-9")));
    }

    [Fact]
    public async Task OnlyItsOwnOperationsAreLetInWithoutAnAccessKey()
    {
        await using var cloud = await StartAsync();
        using var machine = await new TestMachine().RegisterAsync(cloud, await ActivateAsync(cloud));
        Assert.Equal(
            [SsmOperations.RegisterManagedInstance, SsmOperations.RequestManagedInstanceRoleToken, SsmOperations.UpdateManagedInstancePublicKey],
            cloud.Ssm.OwnAuthentication.OrderBy(o => o.Name, StringComparer.Ordinal));
        // Unsigned gets to registration only; ordinary access keys go the ordinary way.
        Assert.Null(await cloud.Ssm.AuthenticateAsync(SsmOperations.RequestManagedInstanceRoleToken, null, default));
        Assert.Null(await cloud.Ssm.AuthenticateAsync(
            SsmOperations.RequestManagedInstanceRoleToken, machine.Sign() with { KeyId = "AKIAIOSFODNN7EXAMPLE" }, default));
        // An ordinary caller is no machine, whatever its rights.
        Assert.Equal("AccessDeniedException", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
            SsmOperations.RequestManagedInstanceRoleToken, new RequestManagedInstanceRoleTokenRequest { Fingerprint = machine.Fingerprint })));
    }

    [Fact]
    public async Task ACopiedKeyOnOtherHardwareIsNoticed()
    {
        await using var cloud = await StartAsync();
        using var machine = await new TestMachine().RegisterAsync(cloud, await ActivateAsync(cloud));
        machine.Fingerprint = "00000000-0000-4000-8000-000000000000";
        Assert.Equal("MachineFingerprintDoesNotMatch", await AccessCloud.CodeOfAsync(() => machine.RoleTokenAsync(cloud)));
    }

    [Fact]
    public async Task KeysRotateAndTheOldOneOutlivesTheAnswerBriefly()
    {
        await using var cloud = await StartAsync();
        using var machine = await new TestMachine().RegisterAsync(cloud, await ActivateAsync(cloud));
        var newKey = RSA.Create(2048);
        await machine.RotateAsync(cloud, newKey, useNewKey: false);

        // The answer was lost: the agent probes with the old key, and repeats the rotation with it.
        await machine.RoleTokenAsync(cloud);
        await machine.RotateAsync(cloud, newKey, useNewKey: false);
        using var thief = RSA.Create(2048);
        Assert.Equal("AccessDeniedException", await AccessCloud.CodeOfAsync(() => machine.RotateAsync(cloud, thief, useNewKey: false)));

        cloud.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal("InvalidSignatureException", await AccessCloud.CodeOfAsync(() => machine.RoleTokenAsync(cloud)));
        using var renewed = RSA.Create(2048);
        Assert.Equal("InvalidSignatureException", await AccessCloud.CodeOfAsync(() => machine.RotateAsync(cloud, renewed)));
        newKey.Dispose();
    }

    [Fact]
    public async Task TheNewKeySignsAfterARotation()
    {
        await using var cloud = await StartAsync();
        using var machine = await new TestMachine().RegisterAsync(cloud, await ActivateAsync(cloud));
        await machine.RotateAsync(cloud, RSA.Create(2048));
        await cloud.RestartAsync();
        await machine.RoleTokenAsync(cloud);
    }

    [Fact]
    public async Task DeregisteringEndsTheKeyAndEverySession()
    {
        await using var cloud = await StartAsync();
        await cloud.CreateRoleAsync("others", AccessCloud.TrustSsm);
        using var machine = await new TestMachine().RegisterAsync(cloud, await ActivateAsync(cloud));
        var underFirstRole = await machine.RoleTokenAsync(cloud);
        await cloud.CallAsync(SsmOperations.UpdateManagedInstanceRole,
            new UpdateManagedInstanceRoleRequest { InstanceId = machine.Id, IamRole = "others" });
        var underSecondRole = await machine.RoleTokenAsync(cloud);
        Assert.Equal("arn:aws:sts::123456789012:assumed-role/others/" + machine.Id, (await FindAsync(cloud, underSecondRole)).Caller!.Arn);
        Assert.Equal(KeyStatus.Found, (await FindAsync(cloud, underFirstRole)).Status);

        await cloud.CallAsync(SsmOperations.DeregisterManagedInstance, new DeregisterManagedInstanceRequest { InstanceId = machine.Id });

        Assert.Equal(KeyStatus.Unknown, (await FindAsync(cloud, underFirstRole)).Status);
        Assert.Equal(KeyStatus.Unknown, (await FindAsync(cloud, underSecondRole)).Status);
        Assert.Equal("AccessDeniedException", await AccessCloud.CodeOfAsync(() => machine.RoleTokenAsync(cloud)));
        Assert.Equal("InvalidInstanceId", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(
            SsmOperations.DeregisterManagedInstance, new DeregisterManagedInstanceRequest { InstanceId = machine.Id })));
    }

    [Fact]
    public async Task ALostRoleIsToldSoThatTheAgentAsksAgainSoon()
    {
        await using var cloud = await StartAsync();
        using var machine = await new TestMachine().RegisterAsync(cloud, await ActivateAsync(cloud));
        await cloud.CallAsync(IamOperations.DeleteRole, new DeleteRoleRequest { RoleName = "machines" });
        // Not AccessDenied: the agent would sleep half an hour on that.
        Assert.Equal("ValidationException", await AccessCloud.CodeOfAsync(() => machine.RoleTokenAsync(cloud)));
        await cloud.CreateRoleAsync("machines", AccessCloud.TrustSsm);
        await machine.RoleTokenAsync(cloud);
    }

    [Fact]
    public async Task ActivationsAreDescribedByFilterAndPage()
    {
        await using var cloud = await StartAsync();
        for (var i = 0; i < 5; i++)
        {
            await ActivateAsync(cloud, name: i % 2 == 0 ? "even" : "odd");
        }
        await cloud.CallAsync(SsmOperations.CreateActivation, new CreateActivationRequest { IamRole = "machines" }, region: "elsewhere-9");

        List<string> ids = [];
        string? token = null;
        do
        {
            var page = await cloud.CallAsync(SsmOperations.DescribeActivations, new DescribeActivationsRequest { MaxResults = 2, NextToken = token });
            Assert.InRange(page.ActivationList!.Count, 1, 2);
            ids.AddRange(page.ActivationList.Select(a => a.ActivationId!));
            token = page.NextToken;
        }
        while (token is not null);
        Assert.Equal(5, ids.Distinct().Count());

        var odd = await cloud.CallAsync(SsmOperations.DescribeActivations, new DescribeActivationsRequest
        {
            Filters = [new() { FilterKey = "DefaultInstanceName", FilterValues = ["odd"] }],
        });
        Assert.Equal(2, odd.ActivationList!.Count);
        Assert.All(odd.ActivationList, a => Assert.Equal((false, "machines", 1), (a.Expired, a.IamRole, a.RegistrationLimit)));
        Assert.Equal("InvalidFilter", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(SsmOperations.DescribeActivations,
            new DescribeActivationsRequest { Filters = [new() { FilterKey = "Colour", FilterValues = ["red"] }] })));
        Assert.Equal("InvalidNextToken", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(SsmOperations.DescribeActivations,
            new DescribeActivationsRequest { NextToken = "?" })));
    }

    private static async Task<AccessCloud> StartAsync()
    {
        var cloud = await AccessCloud.StartAsync();
        await cloud.CreateRoleAsync("machines", AccessCloud.TrustSsm);
        return cloud;
    }

    private static Task<CreateActivationResult> ActivateAsync(AccessCloud cloud, int limit = 1, string? name = null) =>
        cloud.CallAsync(SsmOperations.CreateActivation, new CreateActivationRequest
        {
            IamRole = "machines", RegistrationLimit = limit, DefaultInstanceName = name,
        });

    private static Task<string> CheckAsync(AccessCloud cloud, SignedRequest signed) => AccessCloud.CodeOfAsync(
        () => cloud.Ssm.AuthenticateAsync(SsmOperations.RequestManagedInstanceRoleToken, signed, default).AsTask());

    private static ValueTask<KeyLookup> FindAsync(AccessCloud cloud, RequestManagedInstanceRoleTokenResult token) =>
        cloud.Keys.FindAsync(token.AccessKeyId!, token.SessionToken, default);
}
