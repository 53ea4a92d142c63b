using System.Buffers;
using Longspan.Kernel;

namespace Longspan.Services.Sqs.Rules;

/// <summary>Names, URLs and ARNs of queues.</summary>
internal static class QueueName
{
    public const string FifoSuffix = ".fifo";
    private const int MaximumLength = 80;

    private static readonly SearchValues<char> Legal =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    public static bool IsFifo(string name) => name.EndsWith(FifoSuffix, StringComparison.Ordinal);

    public static void Check(string? name, bool fifo)
    {
        if (string.IsNullOrEmpty(name))
        {
            throw SqsFaults.MissingParameter("QueueName");
        }
        if (fifo)
        {
            if (!IsFifo(name) || name.Length > MaximumLength || !IsWord(name.AsSpan(0, name.Length - FifoSuffix.Length)))
            {
                throw SqsFaults.InvalidParameter(
                    "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.");
            }
        }
        else if (name.Length > MaximumLength || !IsWord(name))
        {
            throw SqsFaults.InvalidParameter("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length");
        }
    }

    /// <summary>The account and name of a queue URL, whatever its host: the last two segments of its path. Bare names are the caller's own.</summary>
    public static (string Account, string Name) FromUrl(string? url, string ownAccount)
    {
        if (string.IsNullOrEmpty(url))
        {
            throw SqsFaults.MissingParameter("QueueUrl");
        }
        var text = url.AsSpan().TrimEnd('/');
        var last = text.LastIndexOf('/');
        if (last < 0)
        {
            return (ownAccount, text.ToString());
        }
        var name = text[(last + 1)..].ToString();
        var before = text[..last];
        var account = before[(before.LastIndexOf('/') + 1)..];
        return account.Length == 12 && account.IndexOfAnyExceptInRange('0', '9') < 0
            ? (account.ToString(), name)
            : (ownAccount, name);
    }

    public static string ToUrl(CallContext call, string account, string name) =>
        $"{call.Endpoint.GetLeftPart(UriPartial.Authority)}/{account}/{name}";

    private static bool IsWord(ReadOnlySpan<char> text) => text.Length > 0 && !text.ContainsAnyExcept(Legal);
}
