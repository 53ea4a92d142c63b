using System.Text.Json;

namespace Longspan.Generate.Models;

/// <summary>Reads one service: <c>model.json</c>, an optional hand-written <c>supplement.json</c>, and the claims.</summary>
internal static class ModelReader
{
    public static ServiceModel Read(string directory)
    {
        var folder = Path.GetFileName(directory);
        using var model = JsonDocument.Parse(File.ReadAllText(Path.Combine(directory, "model.json")));
        var supplementPath = Path.Combine(directory, "supplement.json");
        using var supplement = JsonDocument.Parse(File.Exists(supplementPath) ? File.ReadAllText(supplementPath) : "{}");
        var claims = File.ReadAllLines(Path.Combine(directory, "operations.txt"))
            .Select(line => line.Split('#')[0].Trim())
            .Where(line => line.Length > 0)
            .ToList();
        return Read(folder, model.RootElement, supplement.RootElement, claims);
    }

    /// <param name="claims">Names of the operations to keep, in any order; the result is sorted.</param>
    public static ServiceModel Read(string folder, JsonElement model, JsonElement supplement, IReadOnlyCollection<string> claims)
    {
        var operations = Both(model, supplement, "operations").ToDictionary(p => p.Name, ReadOperation, StringComparer.Ordinal);
        var structures = Both(model, supplement, "structures").Select(ReadStructure)
            .GroupBy(s => s.Name, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Aggregate(Extend), StringComparer.Ordinal);
        var errors = Both(model, supplement, "errors").ToDictionary(p => p.Name, ReadError, StringComparer.Ordinal);

        var claimed = claims.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(name =>
            operations.GetValueOrDefault(name) ?? throw new ModelException(
                $"{folder}: {name} is claimed, but model.json does not have it. Read it from the packages with: ./dev generate --models {folder}")).ToList();
        var reachedErrors = claimed.SelectMany(o => o.Errors).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(name => errors.GetValueOrDefault(name) ?? throw new ModelException($"{folder}: error {name} is not in the model"))
            .ToList();

        var reached = new SortedDictionary<string, StructureModel>(StringComparer.Ordinal);
        var pending = new Queue<string>();
        foreach (var operation in claimed)
        {
            if (operation.Input is not null)
                pending.Enqueue(operation.Input);
            if (operation.Output is not null)
                pending.Enqueue(operation.Output);
        }
        foreach (var name in reachedErrors.SelectMany(e => e.Members).SelectMany(m => m.References()))
            pending.Enqueue(name);
        while (pending.TryDequeue(out var name))
        {
            if (reached.ContainsKey(name))
                continue;
            var structure = structures.GetValueOrDefault(name)
                ?? throw new ModelException($"{folder}: structure {name} is not in the model");
            reached.Add(name, structure);
            foreach (var next in structure.Members.SelectMany(m => m.References()))
                pending.Enqueue(next);
        }

        var all = Texts(model, "allOperations").Concat(Texts(supplement, "allOperations")).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        return new ServiceModel(folder, model.GetProperty("source").GetString()!, ReadFacts(model.GetProperty("service")), all, claimed,
            [.. reached.Values], reachedErrors);
    }

    private static List<JsonProperty> Both(JsonElement model, JsonElement supplement, string section)
    {
        List<JsonProperty> both = [.. model.GetProperty(section).EnumerateObject()];
        if (supplement.TryGetProperty(section, out var more))
            both.AddRange(more.EnumerateObject());
        return both;
    }

    private static ServiceFacts ReadFacts(JsonElement e) => new(
        e.GetProperty("name").GetString()!,
        e.GetProperty("signingName").GetString()!,
        Text(e, "targetPrefix"),
        e.GetProperty("apiVersion").GetString()!,
        Text(e, "xmlNamespace"),
        Texts(e, "protocols"),
        Flag(e, "awsQueryCompatible"),
        e.GetProperty("iamPrefix").GetString()!);

    private static OperationModel ReadOperation(JsonProperty p)
    {
        var http = p.Value.TryGetProperty("http", out var h)
            ? new HttpBinding(h.GetProperty("method").GetString()!, h.GetProperty("uri").GetString()!, h.GetProperty("status").GetInt32())
            : null;
        return new OperationModel(p.Name, Text(p.Value, "input"), Text(p.Value, "output"), http, Texts(p.Value, "errors"));
    }

    private static StructureModel ReadStructure(JsonProperty p) =>
        new(p.Name, ReadMembers(p.Value)) { XmlName = Text(p.Value, "xmlName"), XmlNamespace = Text(p.Value, "xmlNamespace"), IsUnion = Flag(p.Value, "union") };

    private static ErrorModel ReadError(JsonProperty p) =>
        new(p.Name, p.Value.GetProperty("status").GetInt32(), Text(p.Value, "queryCode"), ReadMembers(p.Value));

    private static List<MemberModel> ReadMembers(JsonElement owner) =>
        owner.TryGetProperty("members", out var members) ? [.. members.EnumerateObject().Select(m => ReadMember(m.Name, m.Value))] : [];

    private static MemberModel ReadMember(string name, JsonElement e)
    {
        if (e.ValueKind == JsonValueKind.String)
            return ReadBrief(name, e.GetString()!);
        var facts = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var p in e.EnumerateObject())
        {
            if (p.Name is "type" or "item" or "key" or "value")
                continue;
            facts[p.Name] = p.Value.ValueKind == JsonValueKind.True ? true : p.Value.GetString()!;
        }
        return new MemberModel(name, e.GetProperty("type").GetString()!)
        {
            Item = e.TryGetProperty("item", out var item) ? ReadMember("member", item) : null,
            Key = e.TryGetProperty("key", out var key) ? ReadMember("key", key) : null,
            Value = e.TryGetProperty("value", out var value) ? ReadMember("value", value) : null,
            Facts = facts,
        };
    }

    /// <summary><c>string</c>, <c>string!</c> (required), <c>list&lt;Tag&gt;</c>, <c>map&lt;list&lt;string&gt;&gt;</c>.</summary>
    private static MemberModel ReadBrief(string name, string text)
    {
        var required = text.EndsWith('!');
        var type = required ? text[..^1] : text;
        var facts = required ? new Dictionary<string, object> { ["required"] = true } : [];
        if (type.StartsWith("list<", StringComparison.Ordinal))
            return new MemberModel(name, "list") { Item = ReadBrief("member", type[5..^1]), Facts = facts };
        if (type.StartsWith("map<", StringComparison.Ordinal))
            return new MemberModel(name, "map") { Key = new("key", "string"), Value = ReadBrief("value", type[4..^1]), Facts = facts };
        return new MemberModel(name, type) { Facts = facts };
    }

    /// <summary>A supplement may add members to a structure of the model, never change one.</summary>
    private static StructureModel Extend(StructureModel model, StructureModel supplement) =>
        model with { Members = [.. model.Members, .. supplement.Members] };

    private static List<string> Texts(JsonElement e, string name) =>
        e.TryGetProperty(name, out var list) ? [.. list.EnumerateArray().Select(t => t.GetString()!)] : [];

    private static string? Text(JsonElement e, string name) => e.TryGetProperty(name, out var v) ? v.GetString() : null;

    private static bool Flag(JsonElement e, string name) => e.TryGetProperty(name, out var v) && v.GetBoolean();
}
