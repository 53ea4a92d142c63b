using Longspan.Api.S3;
using Longspan.Api.Shapes;

namespace Longspan.Services.S3.Operations;

internal static class DeleteObjects
{
    private const int MaximumKeys = 1000;

    public static async ValueTask<DeleteObjectsOutput> HandleAsync(S3Context cx, DeleteObjectsRequest request, CancellationToken stop)
    {
        if (request.Delete?.Objects is not { Count: > 0 and <= MaximumKeys } objects)
        {
            throw new AwsError("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema.");
        }
        await cx.RequireBucketAsync(request.Bucket!, stop);
        var (deleted, errors) = (new List<DeletedObject>(), new List<Error>());
        foreach (var one in objects)
        {
            try
            {
                await DeleteObject.RemoveAsync(cx, request.Bucket!, one.Key!, stop);
                deleted.Add(new DeletedObject { Key = one.Key });
            }
            catch (AwsError refused)
            {
                errors.Add(new Error { Key = one.Key, Code = refused.Code, Message = refused.Message });
            }
        }
        return new DeleteObjectsOutput { Deleted = request.Delete.Quiet == true ? null : deleted, Errors = errors.Count > 0 ? errors : null };
    }
}
