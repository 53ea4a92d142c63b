using System.Globalization;

namespace Longspan.Store.Sqlite.Messages;

/// <summary>
/// What was found broken in the files of a store, and where the broken files are kept. Losing a part is said and survived: the rest of the
/// messages matter more than a server that will not start, but nobody should have to guess what is gone.
/// </summary>
internal sealed class Damage(string folder, TimeProvider clock)
{
    private readonly List<string> _lines = [];
    private string? _kept;

    public bool Found => _lines.Count > 0;
    public string Text => string.Join(' ', _lines);
    /// <summary>The folder with the broken files as they were found.</summary>
    public string Kept => _kept ??= MakeFolder();

    public void Say(string line)
    {
        if (!_lines.Contains(line))
        {
            _lines.Add(line);
        }
    }

    public void Copy(string path)
    {
        var copy = Path.Combine(Kept, Path.GetFileName(path));
        if (!File.Exists(copy))
        {
            File.Copy(path, copy);
        }
    }

    public void Move(string path)
    {
        if (File.Exists(path))
        {
            File.Move(path, Path.Combine(Kept, Path.GetFileName(path)), overwrite: true);
        }
    }

    /// <summary>Leaves a note beside the files, for who finds them later.</summary>
    public void Close()
    {
        if (_kept is not null)
        {
            File.WriteAllText(Path.Combine(_kept, "what-was-lost.txt"), string.Join('\n', _lines) + "\n");
        }
    }

    private string MakeFolder()
    {
        var name = Path.Combine(folder, "damaged-" + clock.GetUtcNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture));
        var path = name;
        for (var i = 2; Directory.Exists(path); i++)
        {
            path = string.Create(CultureInfo.InvariantCulture, $"{name}-{i}");
        }
        Directory.CreateDirectory(path);
        return path;
    }
}
