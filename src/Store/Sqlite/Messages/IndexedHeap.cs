namespace Longspan.Store.Sqlite.Messages;

/// <summary>An item that knows its place in the heap, so that it can leave before its time.</summary>
internal interface IHeapItem
{
    long Due { get; }
    int HeapIndex { get; set; }
}

/// <summary>
/// A binary heap by due time with removal from the middle. A library priority queue would keep deleted messages until their
/// visibility ran out: at 25,000 deletes a second and twelve hours of visibility that is not a bound.
/// </summary>
internal sealed class IndexedHeap<T> where T : class, IHeapItem
{
    // Most queues never schedule anything.
    private T[] _items = [];

    public int Count { get; private set; }
    public T? First => Count == 0 ? null : _items[0];
    public ReadOnlySpan<T> Items => _items.AsSpan(0, Count);

    public void Add(T item)
    {
        if (Count == _items.Length)
        {
            Array.Resize(ref _items, Math.Max(4, Count * 2));
        }
        SiftUp(Count++, item);
    }

    public void Remove(T item)
    {
        var index = item.HeapIndex;
        item.HeapIndex = -1;
        var last = _items[--Count];
        _items[Count] = null!;
        if (index == Count)
        {
            return;
        }
        if (index > 0 && last.Due < _items[(index - 1) / 2].Due)
        {
            SiftUp(index, last);
        }
        else
        {
            SiftDown(index, last);
        }
    }

    private void SiftUp(int index, T item)
    {
        while (index > 0)
        {
            var parent = (index - 1) / 2;
            if (_items[parent].Due <= item.Due)
            {
                break;
            }
            Place(index, _items[parent]);
            index = parent;
        }
        Place(index, item);
    }

    private void SiftDown(int index, T item)
    {
        while (true)
        {
            var child = 2 * index + 1;
            if (child >= Count)
            {
                break;
            }
            if (child + 1 < Count && _items[child + 1].Due < _items[child].Due)
            {
                child++;
            }
            if (item.Due <= _items[child].Due)
            {
                break;
            }
            Place(index, _items[child]);
            index = child;
        }
        Place(index, item);
    }

    private void Place(int index, T item)
    {
        _items[index] = item;
        item.HeapIndex = index;
    }
}
