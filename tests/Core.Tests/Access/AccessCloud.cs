using Longspan.Api.Iam;
using Longspan.Api.Shapes;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Services.Iam;
using Longspan.Services.Kms;
using Longspan.Services.Ssm;
using Longspan.Services.Sts;
using Longspan.Store;
using Xunit;

namespace Longspan.Core.Tests.Access;

/// <summary>IAM, STS, SSM and KMS on a real store in a temporary folder, with a clock that tests move. Can be stopped and started again.</summary>
internal sealed class AccessCloud : IAsyncDisposable
{
    public const string Account = "123456789012";
    public const string Region = "lab-1";
    public const string TrustEcsTasks =
        """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}""";
    public const string TrustSsm =
        """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ssm.amazonaws.com"},"Action":"sts:AssumeRole"}}""";
    public const string TrustAccount =
        """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"sts:AssumeRole"}]}""";
    public const string AllowAll =
        """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}""";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("longspan-access-");
    private StoreFolder _store = null!;

    public Cloud Cloud { get; private set; } = null!;
    public SessionTokens Tokens { get; private set; } = null!;
    public AccessKeys Keys { get; private set; } = null!;
    public SsmModule Ssm { get; private set; } = null!;
    public KmsModule Kms { get; private set; } = null!;
    public SettableClock Clock { get; } = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    public Caller Administrator { get; } = new(Account, $"arn:aws:iam::{Account}:user/admin", "AIDAADMINADMINADMIN1", "AKIAADMINADMINADMIN1", true);
    public string Folder => _folder.FullName;

    public static async Task<AccessCloud> StartAsync(bool acceptAny = false)
    {
        var cloud = new AccessCloud();
        await cloud.OpenAsync(acceptAny);
        return cloud;
    }

    public static async Task<AccessCloud> StartWithUsersAsync(params string[] names)
    {
        var cloud = await StartAsync();
        foreach (var name in names)
        {
            await cloud.CallAsync(IamOperations.CreateUser, new CreateUserRequest { UserName = name });
        }
        return cloud;
    }

    public async Task RestartAsync(bool acceptAny = false, Func<Task>? whileStopped = null)
    {
        await CloseAsync();
        await (whileStopped?.Invoke() ?? Task.CompletedTask);
        await OpenAsync(acceptAny);
    }

    public Task<BootstrapOutcome> BootstrapAsync() =>
        new AccountBootstrap(Cloud.Documents, Clock, Cloud.Settings).EnsureAsync(Region, default).AsTask();

    public async Task<TResponse> CallAsync<TRequest, TResponse>(
        Operation<TRequest, TResponse> operation, TRequest request, Caller? caller = null, string region = Region)
        where TRequest : Shape, new()
        where TResponse : Shape, new() =>
        await Cloud.CallAsync(operation, request, caller ?? Administrator, region, default);

    /// <summary>The refusal's code; fails when the call is accepted.</summary>
    public static async Task<string> CodeOfAsync(Func<Task> call) => (await Assert.ThrowsAnyAsync<AwsError>(call)).Code;

    public async Task<Role> CreateRoleAsync(string name, string trust = TrustAccount) =>
        (await CallAsync(IamOperations.CreateRole, new CreateRoleRequest { RoleName = name, AssumeRolePolicyDocument = trust })).Role!;

    public async Task<AccessKey> CreateUserWithKeyAsync(string name)
    {
        await CallAsync(IamOperations.CreateUser, new CreateUserRequest { UserName = name });
        return (await CallAsync(IamOperations.CreateAccessKey, new CreateAccessKeyRequest { UserName = name })).AccessKey!;
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _folder.Delete(recursive: true);
    }

    private async Task OpenAsync(bool acceptAny)
    {
        _store = await StoreFolder.OpenAsync(Folder, Clock);
        Cloud = new Cloud(_store.Documents, Clock, new CloudSettings(Account, new Uri("http://127.0.0.1:4566"), Folder))
        {
            Refusals = new AuthorizationMessages(_store.Sealer),
        };
        Tokens = new SessionTokens(_store.Sealer);
        Keys = new AccessKeys(_store.Documents, Tokens, Clock, Account, acceptAny);
        Ssm = new SsmModule(Cloud, _store.Sealer);
        Cloud.Add(new IamModule());
        Cloud.Add(new StsModule(Cloud, Tokens));
        Cloud.Add(Ssm);
        Kms = new KmsModule(Cloud);
        Cloud.Add(Kms);
    }

    private async Task CloseAsync() => await _store.DisposeAsync();
}

/// <summary>A clock that stands still until a test moves it. Timers run on real time.</summary>
internal sealed class SettableClock(DateTimeOffset now) : TimeProvider
{
    private DateTimeOffset _now = now;

    public override DateTimeOffset GetUtcNow() => _now;

    public void Advance(TimeSpan by) => _now += by;
}
