using Longspan.Api.Iam;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class GetInstanceProfile
{
    public static async ValueTask<GetInstanceProfileResponse> HandleAsync(
        IamContext cx, GetInstanceProfileRequest request, CancellationToken stop)
    {
        var profile = await Identities.InstanceProfileAsync(cx, request.InstanceProfileName, stop);
        return new GetInstanceProfileResponse { InstanceProfile = await InstanceProfiles.ToShapeAsync(cx, profile.Value, stop) };
    }
}
