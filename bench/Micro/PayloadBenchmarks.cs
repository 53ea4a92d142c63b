using BenchmarkDotNet.Attributes;
using Longspan.Services.Sqs;
using Longspan.Services.Sqs.Sealing;
using Longspan.Store;
using Longspan.Store.Documents;
using Longspan.Store.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Longspan.Micro;

/// <summary>What encryption at rest costs a message on its way in and out: laying out and reading, in clear and sealed.</summary>
public class PayloadBenchmarks : IDisposable
{
    private DirectoryInfo _folder = null!;
    private Sealer _sealer = null!;
    private DocumentLog _documents = null!;
    private MessageKeys _keys = null!;
    private MessageKey _key = null!;
    private string _body = "";
    private byte[] _clear = [];
    private byte[] _sealed = [];

    [Params(100, 1024, 65536)]
    public int Bytes { get; set; }

    [GlobalSetup]
    public async Task Prepare()
    {
        _folder = Directory.CreateTempSubdirectory("longspan-micro-");
        _sealer = Sealer.Ephemeral();
        _documents = await DocumentLog.OpenAsync(
            new SqliteDocumentBackend(Path.Combine(_folder.FullName, "documents.db")), _sealer, TimeProvider.System);
        _keys = new MessageKeys(_documents, new byte[32], TimeProvider.System, NullLogger.Instance);
        _key = await _keys.CurrentAsync(CancellationToken.None);
        _body = new string('a', Bytes);
        _clear = EncodeClear();
        _sealed = EncodeSealed();
    }

    [GlobalCleanup]
    public async Task Leave()
    {
        await _documents.DisposeAsync();
        Dispose();
        _folder.Delete(recursive: true);
    }

    public void Dispose()
    {
        _keys.Dispose();
        _sealer.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark]
    public byte[] EncodeClear() => MessagePayload.Encode(_body, [], "AIDATESTER", null, null, null, out _, out _);

    [Benchmark]
    public byte[] EncodeSealed() => MessagePayload.Encode(_body, [], "AIDATESTER", null, null, _key, out _, out _);

    [Benchmark]
    public bool OpenClear() => _keys.TryOpen(_clear, out _, out _);

    [Benchmark]
    public bool OpenSealed() => _keys.TryOpen(_sealed, out _, out _);
}
