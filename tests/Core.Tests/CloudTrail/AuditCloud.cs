using System.Net;
using Longspan.Api.CloudTrail;
using Longspan.Api.Shapes;
using Longspan.Api.Sts;
using Longspan.Core.Tests.Access;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Kernel.Audit;
using Longspan.Services.CloudTrail;
using Longspan.Services.Iam;
using Longspan.Services.Kms;
using Longspan.Services.Ssm;
using Longspan.Services.Sts;
using Longspan.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Longspan.Core.Tests.CloudTrail;

/// <summary>IAM, STS, SSM and CloudTrail with the audit trail on, on a real store in a temporary folder.</summary>
internal sealed class AuditCloud : IAsyncDisposable
{
    public const string Account = "123456789012";
    public const string Region = "lab-1";

    private readonly DirectoryInfo _folder;
    private readonly StoreFolder _store;

    private AuditCloud(DirectoryInfo folder, StoreFolder store, SettableClock clock)
    {
        (_folder, _store, Clock) = (folder, store, clock);
        Cloud = new Cloud(store.Documents, clock, new CloudSettings(Account, new Uri("http://127.0.0.1:4566"), folder.FullName))
        {
            Audit = new AuditTrail(store.Records, NullLogger<AuditTrail>.Instance),
        };
        Trail = new CloudTrailModule(Cloud, store.Records);
        Cloud.Add(new IamModule());
        var tokens = new SessionTokens(store.Sealer);
        Keys = new AccessKeys(store.Documents, tokens, clock, Account);
        Cloud.Add(new StsModule(Cloud, tokens));
        Cloud.Add(new KmsModule(Cloud));
        Cloud.Add(new SsmModule(Cloud, store.Sealer));
        Cloud.Add(Trail);
    }

    public Cloud Cloud { get; }
    public CloudTrailModule Trail { get; }
    public AccessKeys Keys { get; }
    public SettableClock Clock { get; }
    public string Folder => _folder.FullName;
    public Caller Administrator { get; } = new(Account, $"arn:aws:iam::{Account}:user/admin", "AIDAADMINADMINADMIN1", "AKIAADMINADMINADMIN1", true);

    public static async Task<AuditCloud> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("longspan-audit-");
        var clock = new SettableClock(new DateTimeOffset(2026, 11, 30, 12, 0, 0, TimeSpan.Zero));
        return new AuditCloud(folder, await StoreFolder.OpenAsync(folder.FullName, clock), clock);
    }

    /// <summary>A call as it arrives from a client at 203.0.113.7.</summary>
    public async Task<TResponse> CallAsync<TRequest, TResponse>(
        Operation<TRequest, TResponse> operation, TRequest request, Caller? caller = null, string region = Region)
        where TRequest : Shape, new()
        where TResponse : Shape, new()
    {
        var call = new CallContext(Cloud, caller ?? Administrator, region, Ids.Uuid(), Cloud.Settings.Endpoint)
        {
            SourceAddress = IPAddress.Parse("203.0.113.7"), UserAgent = "test/1",
        };
        return (TResponse)await Cloud.DispatchAsync(call, operation, request, default);
    }

    /// <summary>Whoever signs with these keys.</summary>
    public async Task<Caller> HolderOfAsync(Credentials credentials) =>
        (await Keys.FindAsync(credentials.AccessKeyId!, credentials.SessionToken, default)).Caller!;

    public async Task<IReadOnlyList<Event>> LookUpAsync(string? key = null, string? value = null, string region = Region) =>
        (await CallAsync(CloudTrailOperations.LookupEvents, new LookupEventsRequest
        {
            LookupAttributes = key is null ? null : [new LookupAttribute { AttributeKey = key, AttributeValue = value }],
        }, region: region)).Events!;

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
