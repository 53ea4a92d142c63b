using Longspan.Api.Ecr;
using Longspan.Api.Shapes;
using Longspan.Kernel.Access.Documents;
using Microsoft.AspNetCore.Http;

namespace Longspan.Services.Ecr.Registry;

/// <summary>
/// What a request of the distribution API is in terms of ECR's own operations, and the question to the policies about each. The question is
/// put in the name of whoever asked for the login, as it stands now: a login outlives no permission.
/// </summary>
internal static class RegistryAccess
{
    /// <summary>The repository's path and the operations; null for a path that is not the API's or a method that it does not have there.</summary>
    public static (string[] Repository, IReadOnlyList<Operation> Operations)? Of(HttpRequest request, string[] parts)
    {
        var (length, operations) = parts switch
        {
            [.., "blobs", "uploads"] => (2, Begin(request)),
            [.., "blobs", "uploads", _] => (3, Continue(request)),
            [.., "blobs", _] => (2, request.Method switch
            {
                "HEAD" => [EcrOperations.BatchCheckLayerAvailability],
                "GET" => [EcrOperations.GetDownloadUrlForLayer],
                _ => (IReadOnlyList<Operation>)[],
            }),
            [.., "manifests", _] => (2, request.Method switch
            {
                "GET" or "HEAD" => [EcrOperations.BatchGetImage],
                "PUT" => [EcrOperations.PutImage],
                "DELETE" => [EcrOperations.BatchDeleteImage],
                _ => (IReadOnlyList<Operation>)[],
            }),
            [.., "tags", "list"] => (2, [EcrOperations.ListImages]),
            _ => (0, []),
        };
        return length == 0 ? null : (parts[..^length], operations);
    }

    public static async ValueTask RequireAsync(EcrContext cx, string repository, IReadOnlyList<Operation> operations, CancellationToken stop)
    {
        foreach (var operation in operations)
        {
            var demand = await EcrAccess.RepositoryAsync(cx, $"ecr:{operation.Name}", repository, null, stop);
            await cx.Call.Cloud.Access.RequireAsync(cx.Call, operation, [demand], stop);
        }
    }

    /// <summary>Sessions can be taken back before they end, and with them the logins that they got.</summary>
    public static async ValueTask<bool> IsRevokedAsync(EcrContext cx, CancellationToken stop) =>
        cx.Call.Caller.Session is { } session
        && await cx.Documents.GetAsync(AccessKinds.Revocations, cx.AccountId, cx.Call.Caller.UserId, stop) is { } revocation
        && session.IssuedAt.ToUnixTimeMilliseconds() <= revocation.Value.IssuedUntil.ToUnixTimeMilliseconds();

    public static async ValueTask<bool> MayReadAsync(EcrContext cx, string repository, CancellationToken stop) =>
        (await cx.Call.Cloud.Access.DecideAsync(
            cx.Call, await EcrAccess.RepositoryAsync(cx, "ecr:GetDownloadUrlForLayer", repository, null, stop), stop)).IsAllowed;

    private static IReadOnlyList<Operation> Begin(HttpRequest request) => request.Query.ContainsKey("digest")
        ? [EcrOperations.InitiateLayerUpload, EcrOperations.UploadLayerPart, EcrOperations.CompleteLayerUpload]
        : [EcrOperations.InitiateLayerUpload];

    private static IReadOnlyList<Operation> Continue(HttpRequest request) => request.Method switch
    {
        "PUT" when request.ContentLength is 0 => [EcrOperations.CompleteLayerUpload],
        "PUT" => [EcrOperations.UploadLayerPart, EcrOperations.CompleteLayerUpload],
        _ => [EcrOperations.UploadLayerPart],
    };
}
