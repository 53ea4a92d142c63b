using System.Text;

namespace Longspan.Services.S3.Rules;

internal static class ObjectKeys
{
    private const int MaximumBytes = 1024;

    public static bool IsValid(string key) => key.Length > 0 && Encoding.UTF8.GetByteCount(key) <= MaximumBytes;
}
