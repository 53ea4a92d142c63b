namespace Longspan.Store.Documents;

/// <summary>The log's observers, at most one of each type.</summary>
internal sealed class ObserverList
{
    private readonly Lock gate = new();
    private DocumentObserver[] observers = [];

    public T GetOrAdd<T>(Func<T> make) where T : DocumentObserver
    {
        if (Find<T>() is { } found)
        {
            return found;
        }
        lock (gate)
        {
            if (Find<T>() is { } raced)
            {
                return raced;
            }
            var made = make();
            observers = [.. observers, made];
            return made;
        }
    }

    public void Committed(IReadOnlyList<DocumentChange> changes)
    {
        foreach (var observer in Volatile.Read(ref observers))
        {
            observer.Committed(changes);
        }
    }

    public void Voided()
    {
        foreach (var observer in Volatile.Read(ref observers))
        {
            observer.Voided();
        }
    }

    private T? Find<T>() where T : DocumentObserver
    {
        foreach (var observer in Volatile.Read(ref observers))
        {
            if (observer is T found)
            {
                return found;
            }
        }
        return null;
    }
}
