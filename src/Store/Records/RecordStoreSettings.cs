namespace Longspan.Store.Records;

public sealed record RecordStoreSettings
{
    public static RecordStoreSettings Default { get; } = new();

    /// <summary>Batches that may wait for the writer; beyond it callers wait to get in.</summary>
    public int QueueLength { get; init; } = 1024;
    /// <summary>Most batches under one sync.</summary>
    public int GroupBatches { get; init; } = 256;
    /// <summary>A group is closed once its messages reach this size.</summary>
    public int GroupBytes { get; init; } = 8 * 1024 * 1024;
    /// <summary>More events in one batch are a bug of the caller. AWS takes 10,000 a call.</summary>
    public int BatchEvents { get; init; } = 10_000;
    /// <summary>Most events that one page holds, whatever was asked for.</summary>
    public int PageEvents { get; init; } = 10_000;
    /// <summary>Events that one retention step removes, so that it never holds up appends for long.</summary>
    public int RemoveStep { get; init; } = 5000;
}
