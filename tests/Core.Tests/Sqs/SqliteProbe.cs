using Microsoft.Data.Sqlite;

namespace Longspan.Core.Tests.Sqs;

/// <summary>Looks into a closed store's database file.</summary>
internal sealed class SqliteProbe : IAsyncDisposable
{
    private readonly SqliteConnection _connection;

    public SqliteProbe(string path)
    {
        _connection = new SqliteConnection($"Data Source={path};Mode=ReadOnly;Pooling=False");
        _connection.Open();
    }

    public long Count(string table)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = $"SELECT count(*) FROM {table}";
        return (long)command.ExecuteScalar()!;
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
