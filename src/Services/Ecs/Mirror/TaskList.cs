using System.Collections;
using Longspan.Services.Ecs.Documents;
using Longspan.Store.Documents;

namespace Longspan.Services.Ecs.Mirror;

/// <summary>A service's tasks in the order of their names: pages begin anywhere at the cost of a search, and copies are one block.</summary>
internal sealed class TaskList : IReadOnlyList<Document<TaskDocument>>
{
    private readonly List<Document<TaskDocument>> _tasks = [];

    public int Count => _tasks.Count;

    public Document<TaskDocument> this[int index] => _tasks[index];

    /// <summary>Where the first one stands whose name comes after this one.</summary>
    public int After(string? name) => name is null ? 0 : Find(name) is var at && at >= 0 ? at + 1 : ~at;

    public void Set(Document<TaskDocument> task)
    {
        var at = Find(task.Key.Name);
        if (at >= 0)
        {
            _tasks[at] = task;
        }
        else
        {
            _tasks.Insert(~at, task);
        }
    }

    public void Remove(string name)
    {
        if (Find(name) is var at && at >= 0)
        {
            _tasks.RemoveAt(at);
        }
    }

    public Document<TaskDocument>[] ToArray() => [.. _tasks];

    public IEnumerator<Document<TaskDocument>> GetEnumerator() => _tasks.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private int Find(string name)
    {
        var (low, high) = (0, _tasks.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var order = string.CompareOrdinal(_tasks[middle].Key.Name, name);
            if (order == 0)
            {
                return middle;
            }
            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }
        return ~low;
    }
}
