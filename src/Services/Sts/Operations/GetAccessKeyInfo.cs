using Longspan.Api.Sts;

namespace Longspan.Services.Sts.Operations;

internal static class GetAccessKeyInfo
{
    // AWS answers from the id's own digits, for deleted keys too; here every key that can exist belongs to the one account.
    public static ValueTask<GetAccessKeyInfoResponse> HandleAsync(StsContext cx, GetAccessKeyInfoRequest request, CancellationToken stop)
    {
        var id = request.AccessKeyId!;
        if (id.Length is < 16 or > 128)
        {
            throw StsFaults.Constraint("accessKeyId", id, "Member must have length between 16 and 128, inclusive");
        }
        if (!id.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
        {
            throw StsFaults.Constraint("accessKeyId", id, @"Member must satisfy regular expression pattern: [\w]*");
        }
        return ValueTask.FromResult(new GetAccessKeyInfoResponse { Account = cx.Call.AccountId });
    }
}
