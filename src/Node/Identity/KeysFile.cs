using Longspan.Wire.Signing;

namespace Longspan.Node.Identity;

/// <summary>An AWS shared-credentials file, read again whenever it has changed.</summary>
public sealed class KeysFile(string path, string profile)
{
    private readonly Lock _lock = new();
    private DateTime _readAt;
    private AwsCredentials? _keys;

    /// <exception cref="IOException">The file cannot be read or has no keys for the profile.</exception>
    public AwsCredentials Read()
    {
        lock (_lock)
        {
            var changed = File.GetLastWriteTimeUtc(path);
            if (_keys is null || changed != _readAt)
            {
                _keys = Parse(File.ReadLines(path), profile) ?? throw new IOException($"{path} has no keys for profile {profile}");
                _readAt = changed;
            }
            return _keys;
        }
    }

    public static AwsCredentials? Parse(IEnumerable<string> lines, string profile) =>
        Values(lines, profile) is var found && found.TryGetValue("aws_access_key_id", out var id) && found.TryGetValue("aws_secret_access_key", out var secret)
            ? new AwsCredentials(id, secret, found.GetValueOrDefault("aws_session_token"))
            : null;

    /// <summary>All that the file says of the profile.</summary>
    public static IReadOnlyDictionary<string, string> Values(IEnumerable<string> lines, string profile)
    {
        var found = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var inside = false;
        foreach (var line in lines.Select(l => l.Trim()).Where(l => l.Length > 0 && l[0] is not ('#' or ';')))
        {
            if (line[0] == '[')
            {
                inside = line.Trim('[', ']', ' ') == profile;
            }
            else if (inside && line.IndexOf('=', StringComparison.Ordinal) is var equals && equals > 0)
            {
                found[line[..equals].Trim()] = line[(equals + 1)..].Trim();
            }
        }
        return found;
    }
}
