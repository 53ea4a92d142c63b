using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Services.CloudTrail;
using Longspan.Services.Ecr;
using Longspan.Services.Ecs;
using Longspan.Services.Iam;
using Longspan.Services.Kms;
using Longspan.Services.Logs;
using Longspan.Services.S3;
using Longspan.Services.SecretsManager;
using Longspan.Services.Ssm;
using Longspan.Services.Sqs;
using Longspan.Services.Sts;
using Longspan.Store;
using Longspan.Store.Files;
using Longspan.Store.Sqlite.Messages;
using Microsoft.Extensions.Logging;

namespace Longspan.Server;

/// <summary>Every service that this server offers, one line each.</summary>
internal static class Modules
{
    public static IReadOnlyList<ServiceModule> Create(Cloud cloud, StoreFolder store, SessionTokens tokens, ILoggerFactory log)
    {
        var sqs = new SqsModule(
            store.Documents, SqliteMessageBackend.Open(store.PathOf("messages"), cloud.Clock, log: log.CreateLogger<SqliteMessageBackend>()),
            new ReceiptHandles(store.Sealer.DeriveKey("longspan/sqs-receipt/1")),
            store.Sealer.DeriveKey("longspan/sqs-deduplication/1"), cloud.Clock, log);
        return
        [
            new IamModule(),
            new StsModule(cloud, tokens),
            new KmsModule(cloud),
            new SsmModule(cloud, store.Sealer),
            new SecretsManagerModule(cloud),
            sqs,
            new LongspanQueuesModule(sqs),
            new EcsModule(cloud, log),
            new EcrModule(cloud, store.Blobs, store.Sealer),
            new LogsModule(cloud, store.Records),
            new CloudTrailModule(cloud, store.Records),
            new S3Module(cloud, FileBlobStore.Open(store.PathOf("objects"), cloud.Clock), store.Sealer),
        ];
    }
}
