using System.Text;

namespace Longspan.Kernel.Access;

/// <summary>
/// A file in AWS's shared-credentials format with one profile, <c>default</c>, for its owner's eyes only. Replaced whole: readers see the
/// old file or the new one.
/// </summary>
public static class CredentialsFile
{
    public const string FileName = "credentials";

    public static async ValueTask WriteAsync(
        string path, string accessKeyId, string secretAccessKey, string region, CancellationToken stop, string? sessionToken = null)
    {
        var text = new StringBuilder("[default]\n")
            .Append("aws_access_key_id = ").Append(accessKeyId).Append('\n')
            .Append("aws_secret_access_key = ").Append(secretAccessKey).Append('\n');
        if (sessionToken is not null)
        {
            text.Append("aws_session_token = ").Append(sessionToken).Append('\n');
        }
        text.Append("region = ").Append(region).Append('\n');

        var temporary = path + ".new";
        File.Delete(temporary);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        await using (var file = new FileStream(temporary, options))
        {
            await file.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()), stop);
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
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
