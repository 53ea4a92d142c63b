using System.Text.Json;
using Longspan.Generate;
using Longspan.Generate.Models;

// generate [--check] MODELS OUTPUT [MODELS OUTPUT …]
var check = args.Contains("--check");
var folders = args.Where(a => a != "--check").ToList();
if (folders.Count == 0 || folders.Count % 2 != 0)
{
    Console.Error.WriteLine("usage: Generate [--check] MODELS OUTPUT [MODELS OUTPUT …]");
    return 2;
}
try
{
    var stale = 0;
    foreach (var pair in folders.Chunk(2))
    {
        foreach (var path in Generation.Apply(Generation.Files(pair[0]), pair[1], check))
        {
            Console.WriteLine($"{(check ? "differs" : "written")}: {Path.Combine(pair[1], path)}");
            stale++;
        }
    }
    if (check && stale > 0)
    {
        Console.Error.WriteLine($"{stale} generated files differ from their models. Run: ./dev generate");
        return 1;
    }
    return 0;
}
catch (Exception e) when (e is ModelException or IOException or JsonException or KeyNotFoundException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
