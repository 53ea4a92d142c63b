namespace Longspan.Store.Documents;

/// <summary>
/// A named claim with an end. Ownership is for economy: two owners must be harmless, and are, because each commit of a pass
/// carries <see cref="Fence"/> and the store refuses it once anyone has taken the lease over. Every acquisition has an epoch of its own, larger
/// than all before it; renewing keeps it.
/// </summary>
public sealed record Lease(string Name, string Holder, long Epoch, DateTimeOffset Expires)
{
    public LeaseFence Fence => new(Name, Epoch);

    public bool IsHeldAt(DateTimeOffset now) => Holder.Length > 0 && now < Expires;
}
