using System.Globalization;
using System.Text;
using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

/// <summary>Who has which keys, and since when. Passwords, devices and certificates do not exist here; their columns say so.</summary>
internal static class GetCredentialReport
{
    public static async ValueTask<GetCredentialReportResponse> HandleAsync(
        IamContext cx, GetCredentialReportRequest request, CancellationToken stop)
    {
        var report = new StringBuilder(Header);
        foreach (var user in await cx.Documents.ListAsync(AccessKinds.Users, cx.AccountId, stop))
        {
            report.Append(CultureInfo.InvariantCulture,
                $"\n{user.Value.UserName},{user.Value.ArnIn(cx.AccountId)},{Time(user.Value.CreatedAt)},FALSE,N/A,N/A,N/A,FALSE");
            for (var i = 0; i < IamLimits.AccessKeysPerUser; i++)
            {
                var id = user.Value.AccessKeyIds.ElementAtOrDefault(i);
                var key = id is null ? null : await cx.Documents.GetAsync(AccessKinds.AccessKeys, cx.AccountId, id, stop);
                report.Append(key?.Value.IsActive == true ? ",TRUE," : ",FALSE,");
                report.Append(key is null ? "N/A" : Time(key.Value.CreatedAt));
                var use = key is null ? null : await cx.Call.Cloud.Uses.FindAsync(key.Value.AccessKeyId, stop);
                report.Append(CultureInfo.InvariantCulture, $",{(use is null ? "N/A" : Time(use.At))},{use?.Region ?? "N/A"},{use?.Service ?? "N/A"}");
            }
            report.Append(",FALSE,N/A,FALSE,N/A");
        }
        return new GetCredentialReportResponse
        {
            Content = Encoding.UTF8.GetBytes(report.ToString()),
            ReportFormat = "text/csv",
            GeneratedTime = cx.Call.Now,
        };
    }

    private const string Header =
        "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,"
        + "access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,"
        + "access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,"
        + "cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated";

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss+00:00", CultureInfo.InvariantCulture);
}
