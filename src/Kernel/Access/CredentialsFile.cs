using System.Text;
using Longspan.Store.Files;

namespace Longspan.Kernel.Access;

/// <summary>
/// A file in AWS's shared-credentials format with one profile, <c>default</c>, for its owner's eyes only. Replaced whole: readers see the
/// old file or the new one.
/// </summary>
public static class CredentialsFile
{
    public const string FileName = "credentials";

    public static void Write(string path, string accessKeyId, string secretAccessKey, string region)
    {
        var text = $"""
            [default]
            aws_access_key_id = {accessKeyId}
            aws_secret_access_key = {secretAccessKey}
            region = {region}

            """;
        FileSync.WritePrivate(path, Encoding.UTF8.GetBytes(text));
    }

    /// <summary>The key id of the default profile, or null when there is no such file or profile.</summary>
    public static async ValueTask<string?> ReadAccessKeyIdAsync(string path, CancellationToken stop)
    {
        if (!File.Exists(path))
        {
            return null;
        }
        var inDefault = false;
        foreach (var line in await File.ReadAllLinesAsync(path, stop))
        {
            var text = line.Trim();
            if (text.StartsWith('['))
            {
                inDefault = text == "[default]";
            }
            else if (inDefault && text.Split('=', 2) is [var name, var value] && name.TrimEnd() == "aws_access_key_id")
            {
                return value.Trim();
            }
        }
        return null;
    }
}
