using System.Globalization;
using Longspan.Api.Logs;
using Longspan.Store.Records;

namespace Longspan.Services.Logs.Rules;

/// <summary>Reads the <c>producer/sequence</c> by which our own nodes mark a batch that they may send twice.</summary>
internal static class ProducerBatch
{
    public const int MaximumProducer = 256;

    public static BatchKey? Read(string? mark)
    {
        if (mark is null)
        {
            return null;
        }
        var slash = mark.LastIndexOf('/');
        return slash is > 0 and <= MaximumProducer
            && long.TryParse(mark.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            ? new BatchKey(mark[..slash], sequence)
            : throw new InvalidParameterException($"'{mark}' is not of the form producer/sequence.");
    }
}
