using System.Text.Json;
using Longspan.Generate.Emit;
using Longspan.Generate.Models;

namespace Longspan.Generate;

/// <summary>One set of models and the folder of generated code that belongs to it.</summary>
internal static class Generation
{
    /// <summary>All generated files by their path below the output folder, in a stable order.</summary>
    public static SortedDictionary<string, string> Files(string modelsDirectory)
    {
        using var packages = JsonDocument.Parse(File.ReadAllText(Path.Combine(modelsDirectory, "packages.json")));
        var ns = packages.RootElement.GetProperty("namespace").GetString()!;
        var models = packages.RootElement.GetProperty("services").EnumerateObject()
            .Select(p => ModelReader.Read(Path.Combine(modelsDirectory, p.Name)))
            .OrderBy(m => m.Facts.Name, StringComparer.Ordinal)
            .ToList();

        var files = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["Services.g.cs"] = ServicesFile.Write(models, ns) };
        foreach (var model in models)
        {
            files[$"{model.Facts.Name}/Shapes.g.cs"] = new ShapesFile(model, ns).Write();
            files[$"{model.Facts.Name}/Errors.g.cs"] = new ErrorsFile(model, ns).Write();
            files[$"{model.Facts.Name}/Operations.g.cs"] = new OperationsFile(model, ns).Write();
        }
        return files;
    }

    /// <summary>Makes the output folder hold exactly these files; returns the paths that differed.</summary>
    public static List<string> Apply(SortedDictionary<string, string> files, string outputDirectory, bool checkOnly)
    {
        var differing = new List<string>();
        foreach (var (path, text) in files)
        {
            var target = Path.Combine(outputDirectory, path);
            if (File.Exists(target) && File.ReadAllText(target) == text)
                continue;
            differing.Add(path);
            if (checkOnly)
                continue;
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.WriteAllText(target, text);
        }
        if (!Directory.Exists(outputDirectory))
            return differing;
        foreach (var found in Directory.EnumerateFiles(outputDirectory, "*.g.cs", SearchOption.AllDirectories))
        {
            var path = Path.GetRelativePath(outputDirectory, found).Replace('\\', '/');
            if (files.ContainsKey(path))
                continue;
            differing.Add(path);
            if (!checkOnly)
                File.Delete(found);
        }
        return differing;
    }
}
