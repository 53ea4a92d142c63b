namespace Longspan.Store.Documents;

/// <summary>
/// Something that keeps documents in memory, exactly as current as the log. The writer tells it of every group that has become durable
/// before it tells the callers of those commits, so whoever has seen an acknowledgment finds its effect here too. A watcher, on the other
/// hand, is told sometime later.
/// <para>Both methods are called by the writer, one at a time: be quick, do not throw, do not call the log.</para>
/// </summary>
public abstract class DocumentObserver
{
    /// <summary>The changes of one group in order. Those of kinds that are <see cref="DocumentKind.Observed"/> carry the new value.</summary>
    public abstract void Committed(IReadOnlyList<DocumentChange> changes);

    /// <summary>The log was emptied, or a commit's outcome is unknown: what is kept may be wrong, and must be read again.</summary>
    public abstract void Voided();
}
