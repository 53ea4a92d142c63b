using Longspan.Api.Iam;

namespace Longspan.Services.Iam.Operations;

/// <summary>Certificates are no concern of IAM here: the server has its own. Tools that take stock of an account ask.</summary>
internal static class ListServerCertificates
{
    public static ValueTask<ListServerCertificatesResponse> HandleAsync(IamContext cx, ListServerCertificatesRequest request, CancellationToken stop) =>
        ValueTask.FromResult(new ListServerCertificatesResponse { ServerCertificateMetadataList = [], IsTruncated = false });
}
