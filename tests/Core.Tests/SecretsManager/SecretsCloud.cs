using Longspan.Api.SecretsManager;
using Longspan.Api.Shapes;
using Longspan.Core.Tests.Access;
using Longspan.Kernel;
using Longspan.Services.Kms;
using Longspan.Services.SecretsManager;
using Longspan.Services.Ssm;
using Longspan.Store;
using Xunit;

namespace Longspan.Core.Tests.SecretsManager;

/// <summary>Secrets Manager and Parameter Store on a real store in a temporary folder, with a clock that tests move.</summary>
internal sealed class SecretsCloud : IAsyncDisposable
{
    public const string Account = "123456789012";
    public const string Region = "lab-1";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("longspan-secrets-");
    private StoreFolder _store = null!;

    public Cloud Cloud { get; private set; } = null!;
    public SecretsManagerModule Module { get; private set; } = null!;
    public SsmModule Ssm { get; private set; } = null!;
    public SettableClock Clock { get; } = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    public Caller Caller { get; } = new(Account, $"arn:aws:iam::{Account}:user/admin", "AIDAADMINADMINADMIN1", "AKIAADMINADMINADMIN1", true);
    public string Folder => _folder.FullName;

    public static async Task<SecretsCloud> StartAsync()
    {
        var cloud = new SecretsCloud();
        await cloud.OpenAsync();
        return cloud;
    }

    public async Task RestartAsync()
    {
        await _store.DisposeAsync();
        await OpenAsync();
    }

    public async Task<TResponse> CallAsync<TRequest, TResponse>(Operation<TRequest, TResponse> operation, TRequest request)
        where TRequest : Shape, new()
        where TResponse : Shape, new() =>
        await Cloud.CallAsync(operation, request, Caller, Region, default);

    /// <summary>What the operation asks of the policies, given this request.</summary>
    public async Task<IReadOnlyList<Longspan.Kernel.Access.AccessDemand>> DemandsAsync(ServiceModule module, Operation operation, Shape request) =>
        await module.Access[operation](new CallContext(Cloud, Caller, Region, Ids.Uuid(), Cloud.Settings.Endpoint), request, default);

    public async Task<CreateSecretResponse> CreateAsync(string name, string? value = "one", Action<CreateSecretRequest>? change = null)
    {
        var request = new CreateSecretRequest { Name = name, SecretString = value, ClientRequestToken = Ids.Uuid() };
        change?.Invoke(request);
        return await CallAsync(SecretsManagerOperations.CreateSecret, request);
    }

    public async Task<string> PutAsync(string secret, string value, params string[] stages) =>
        (await CallAsync(SecretsManagerOperations.PutSecretValue, new PutSecretValueRequest
        {
            SecretId = secret, SecretString = value, ClientRequestToken = Ids.Uuid(), VersionStages = stages.Length == 0 ? null : [.. stages],
        })).VersionId!;

    public async Task<string?> ValueAsync(string secret, string? stage = null, string? version = null) =>
        (await CallAsync(
            SecretsManagerOperations.GetSecretValue,
            new GetSecretValueRequest { SecretId = secret, VersionStage = stage, VersionId = version })).SecretString;

    public async Task<DescribeSecretResponse> DescribeAsync(string secret) =>
        await CallAsync(SecretsManagerOperations.DescribeSecret, new DescribeSecretRequest { SecretId = secret });

    /// <summary>Labels of a version, joined; null when it is not told.</summary>
    public async Task<string?> StagesAsync(string secret, string version) =>
        (await DescribeAsync(secret)).VersionIdsToStages?.GetValueOrDefault(version) is { } stages ? string.Join(",", stages) : null;

    /// <summary>Runs the module's passes once over all their shards.</summary>
    public static async Task RunPassesAsync(ServiceModule module)
    {
        foreach (var reconciler in module.Reconcilers)
        {
            foreach (var shard in await reconciler.ListShardsAsync(default))
            {
                await reconciler.RunAsync(shard, default);
            }
        }
    }

    public static async Task<AwsError> RefusedAsync(Func<Task> call) => await Assert.ThrowsAnyAsync<AwsError>(call);

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private async Task OpenAsync()
    {
        _store = await StoreFolder.OpenAsync(Folder, Clock);
        Cloud = new Cloud(_store.Documents, Clock, new CloudSettings(Account, new Uri("http://127.0.0.1:4566"), Folder));
        Module = new SecretsManagerModule(Cloud);
        Ssm = new SsmModule(Cloud, _store.Sealer);
        Cloud.Add(new KmsModule(Cloud));
        Cloud.Add(Module);
        Cloud.Add(Ssm);
    }
}
