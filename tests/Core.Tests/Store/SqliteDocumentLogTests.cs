using Longspan.Store.Documents;
using Longspan.Store.Sqlite;

namespace Longspan.Core.Tests.Store;

public sealed class SqliteDocumentLogTests : DocumentLogConformance
{
    protected override DocumentBackend MakeBackend() => new SqliteDocumentBackend(Path.Combine(Folder.FullName, "documents.db"));
}

public sealed class SqliteDocumentWatchTests : DocumentWatchConformance
{
    protected override DocumentBackend MakeBackend() => new SqliteDocumentBackend(Path.Combine(Folder.FullName, "documents.db"));
}

public sealed class SqliteLeaseTests : LeaseConformance
{
    protected override DocumentBackend MakeBackend() => new SqliteDocumentBackend(Path.Combine(Folder.FullName, "documents.db"));
}
