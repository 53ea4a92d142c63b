using Longspan.Services.S3.Documents;

namespace Longspan.Services.S3.Rules;

/// <summary>Conditional requests (RFC 9110, section 13), as far as S3 takes them.</summary>
internal static class Preconditions
{
    /// <summary>Refuses a read whose conditions do not hold. Entity tags come before times, as the RFC orders them.</summary>
    public static void CheckRead(ObjectDocument found, string? ifMatch, string? ifNoneMatch, DateTimeOffset? modifiedSince, DateTimeOffset? unmodifiedSince)
    {
        var modified = Whole(found.LastModified);
        if (ifMatch is not null ? !Names(ifMatch, found) : unmodifiedSince < modified)
        {
            throw S3Faults.PreconditionFailed();
        }
        if (ifNoneMatch is not null ? Names(ifNoneMatch, found) : modifiedSince >= modified)
        {
            throw S3Faults.NotModified();
        }
    }

    public static void CheckWrite(ObjectDocument? found, string? ifMatch, string? ifNoneMatch)
    {
        if (ifNoneMatch is not null and not "*")
        {
            throw S3Faults.NotImplemented("If-None-Match with another value than *");
        }
        if (ifNoneMatch is not null && found is not null)
        {
            throw S3Faults.PreconditionFailed();
        }
        if (ifMatch is not null && found is null)
        {
            throw S3Faults.NoSuchKey();
        }
        if (ifMatch is not null && !Names(ifMatch, found!))
        {
            throw S3Faults.PreconditionFailed();
        }
    }

    private static bool Names(string header, ObjectDocument found) =>
        header == "*" || header.Split(',').Any(tag => tag.Trim().Trim('"') == found.ETag);

    // HTTP dates have no fractions.
    private static DateTimeOffset Whole(DateTimeOffset time) => DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());
}
