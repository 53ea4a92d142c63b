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

    public void Set(Document<TaskDocument> task)
    {
        var at = _tasks.Find(task.Key.Name);
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
        if (_tasks.Find(name) is var at && at >= 0)
        {
            _tasks.RemoveAt(at);
        }
    }

    public Document<TaskDocument>[] ToArray() => [.. _tasks];

    public IEnumerator<Document<TaskDocument>> GetEnumerator() => _tasks.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
