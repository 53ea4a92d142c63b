using Longspan.Api.Iam;

namespace Longspan.Services.Iam.Operations;

/// <summary>A report is made when it is fetched, so there is nothing to wait for.</summary>
internal static class GenerateCredentialReport
{
    public static ValueTask<GenerateCredentialReportResponse> HandleAsync(
        IamContext cx, GenerateCredentialReportRequest request, CancellationToken stop)
    {
        return ValueTask.FromResult(new GenerateCredentialReportResponse { State = "COMPLETE" });
    }
}
