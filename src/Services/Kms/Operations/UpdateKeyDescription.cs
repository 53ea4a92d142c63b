using Longspan.Api.Kms;
using Longspan.Services.Kms.Rules;

namespace Longspan.Services.Kms.Operations;

internal static class UpdateKeyDescription
{
    private const int MaximumLength = 8192;

    public static async ValueTask<UpdateKeyDescriptionResponse> HandleAsync(KmsContext cx, UpdateKeyDescriptionRequest request, CancellationToken stop)
    {
        var description = Check(request.Description ?? "");
        await Keys.ChangeAsync(
            cx, request.KeyId, nameof(UpdateKeyDescription),
            key =>
            {
                Keys.CheckNotPending(cx, key);
                return key with { Description = description };
            },
            stop);
        return new UpdateKeyDescriptionResponse();
    }

    public static string Check(string description) => description.Length <= MaximumLength
        ? description
        : throw KmsFaults.Constraint("description", $"Member must have length less than or equal to {MaximumLength}");
}
