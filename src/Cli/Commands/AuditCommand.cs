using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Longspan.Api.CloudTrail;
using Longspan.Cli.Connection;
using Longspan.Cli.Embedded;
using Longspan.Cli.Output;

namespace Longspan.Cli.Commands;

/// <summary><c>longspan audit</c>: who did what, when, from where, and how it ended; the newest first.</summary>
internal static class AuditCommand
{
    private const int DefaultCount = 50;
    private const int MaximumCount = 100_000;
    private const int ShownText = 120;

    public static Command Create()
    {
        var since = Moment("--since", "Only calls from then on: 30m, 24h, 7d, or a time such as 2026-11-30T08:00Z (default: 24h)");
        var until = Moment("--until", "Only calls up to then, spelled likewise");
        var user = new Option<string?>("--user") { Description = "Only calls by this user or role session" };
        var name = new Option<string?>("--event") { Description = "Only calls of this operation, such as DeleteService" };
        var resource = new Option<string?>("--resource") { Description = "Only calls about this resource, by ARN or by name" };
        var denied = new Option<bool>("--denied") { Description = "Only calls that were denied" };
        var count = ConnectionOptions.Number("--count", $"End after so many calls (default: {DefaultCount})", MaximumCount);
        count.Aliases.Add("-n");
        var command = new Command("audit", "Show who changed what, and what was denied") { since, until, user, name, resource, denied, count };
        ConnectionOptions.Complete(command, async (parsed, server, json, stop) =>
        {
            var request = new LookupEventsRequest
            {
                StartTime = parsed.GetValue(since) ?? TimeProvider.System.GetUtcNow().AddDays(-1),
                EndTime = parsed.GetValue(until),
                LookupAttributes = AttributeOf(("Username", parsed.GetValue(user)), ("EventName", parsed.GetValue(name)), ("ResourceName", parsed.GetValue(resource))),
            };
            var entries = new List<AuditEntry>();
            await foreach (var entry in ReadAsync(server, request, stop))
            {
                if ((parsed.GetValue(user) is not { } u || entry.User == u) && (parsed.GetValue(name) is not { } n || entry.Event == n)
                    && (parsed.GetValue(resource) is not { } r || entry.Resources.Any(one => IsNamed(one, r))) && (!parsed.GetValue(denied) || entry.IsDenied))
                {
                    entries.Add(entry);
                    if (entries.Count == (parsed.GetValue(count) ?? DefaultCount))
                    {
                        break;
                    }
                }
            }
            Print(entries, json);
            return 0;
        });
        return command;
    }

    /// <summary>The server looks for one attribute; what else was asked for is compared here.</summary>
    private static List<LookupAttribute>? AttributeOf(params ReadOnlySpan<(string Key, string? Value)> wanted)
    {
        foreach (var (key, value) in wanted)
        {
            if (value is not null)
            {
                return [new LookupAttribute { AttributeKey = key, AttributeValue = value }];
            }
        }
        return null;
    }

    private static async IAsyncEnumerable<AuditEntry> ReadAsync(
        ServerConnection server, LookupEventsRequest request, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        do
        {
            var page = await server.CallAsync(CloudTrailOperations.LookupEvents, request, stop);
            foreach (var one in page.Events ?? [])
            {
                yield return AuditEntry.Of(one);
            }
            request.NextToken = page.NextToken;
        }
        while (request.NextToken is not null);
    }

    private static bool IsNamed(string arn, string wanted) =>
        arn == wanted || arn.EndsWith('/' + wanted, StringComparison.Ordinal) || arn.EndsWith(':' + wanted, StringComparison.Ordinal);

    private static void Print(List<AuditEntry> entries, bool json)
    {
        if (json)
        {
            using var output = Console.OpenStandardOutput();
            using var writer = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
            writer.WriteStartArray();
            foreach (var entry in entries)
            {
                using var whole = JsonDocument.Parse(entry.Whole);
                whole.RootElement.WriteTo(writer);
            }
            writer.WriteEndArray();
            writer.Flush();
            output.WriteByte((byte)'\n');
            return;
        }
        if (entries.Count == 0)
        {
            Terminal.Line("No such calls in that time.");
        }
        foreach (var entry in entries)
        {
            Terminal.Line(string.Join("  ", new[]
            {
                entry.Time.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture), Shown(entry.User), $"{entry.Source}:{entry.Event}",
                Shown(string.Join(' ', entry.Resources)), $"from {Shown(entry.From)}", entry.Error is { } error ? $"{error}: {Shown(entry.ErrorMessage ?? "")}" : "",
            }.Where(part => part.Length > 0)));
        }
    }

    private static string Shown(string text) => PrintableText.Line(text, ShownText);

    private static Option<DateTimeOffset?> Moment(string name, string description) => new(name)
    {
        Description = description,
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (text.Length > 1 && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && text[^1] switch { 'm' => TimeSpan.FromMinutes(1), 'h' => TimeSpan.FromHours(1), 'd' => TimeSpan.FromDays(1), _ => (TimeSpan?)null } is { } unit
                && number <= 100_000)
            {
                return TimeProvider.System.GetUtcNow() - (number * unit);
            }
            if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            {
                return time;
            }
            result.AddError($"{name} {text} is neither a span such as 30m, 24h or 7d nor a time such as 2026-11-30T08:00Z.");
            return null;
        },
    };

    /// <summary>One call, as far as it is shown and compared here.</summary>
    private sealed record AuditEntry(
        DateTimeOffset Time, string User, string Source, string Event, IReadOnlyList<string> Resources, string From, string? Error, string? ErrorMessage, string Whole)
    {
        // The last one is a login with a token that its issuer made for someone else than this account.
        public bool IsDenied => Error is "AccessDenied" or "AccessDeniedException" or "UnauthorizedOperation" or "InvalidIdentityTokenException";

        public static AuditEntry Of(Event one)
        {
            using var json = JsonDocument.Parse(one.CloudTrailEvent!);
            string? Text(string name) => json.RootElement.TryGetProperty(name, out var value) ? value.GetString() : null;
            return new AuditEntry(
                one.EventTime!.Value, one.Username ?? "?", one.EventSource!.Split('.')[0], one.EventName!, [.. (one.Resources ?? []).Select(r => r.ResourceName!)],
                Text("sourceIPAddress") ?? "?", Text("errorCode"), Text("errorMessage"), one.CloudTrailEvent!);
        }
    }
}
