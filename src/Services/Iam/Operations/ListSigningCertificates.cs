using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

/// <summary>Requests are signed with access keys only, so no user has any. Tools ask before they delete a user.</summary>
internal static class ListSigningCertificates
{
    public static async ValueTask<ListSigningCertificatesResponse> HandleAsync(IamContext cx, ListSigningCertificatesRequest request, CancellationToken stop)
    {
        await Identities.UserAsync(cx, Identities.NameOrCaller(cx, request.UserName), stop);
        return new ListSigningCertificatesResponse { Certificates = [], IsTruncated = false };
    }
}
