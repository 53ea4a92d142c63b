using Longspan.Api.Iam;
using Longspan.Kernel;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Iam.Operations;

internal static class CreateInstanceProfile
{
    public static async ValueTask<CreateInstanceProfileResponse> HandleAsync(
        IamContext cx, CreateInstanceProfileRequest request, CancellationToken stop)
    {
        var name = IamChecks.Name("instanceProfileName", request.InstanceProfileName, IamLimits.InstanceProfileNameLength);
        var profile = new InstanceProfileDocument
        {
            InstanceProfileName = name,
            InstanceProfileId = Ids.Unique("AIPA"),
            Path = IamChecks.Path(request.Path),
            CreatedAt = cx.Call.Now,
            Tags = IamTags.Read(request.Tags, "TagsPerInstanceProfile"),
        };
        if ((await cx.Documents.ListAsync(AccessKinds.InstanceProfiles, cx.AccountId, stop)).Count >= IamLimits.InstanceProfilesPerAccount)
        {
            throw IamFaults.Quota("InstanceProfilesPerAccount", IamLimits.InstanceProfilesPerAccount);
        }
        var commit = new Commit().Create(AccessKinds.InstanceProfiles, cx.AccountId, AccessKinds.NameOf(name), profile);
        return (await cx.Documents.CommitAsync(commit, stop)).Committed
            ? new CreateInstanceProfileResponse { InstanceProfile = profile.ToShape(cx.AccountId, role: null) }
            : throw new EntityAlreadyExistsException($"Instance Profile {name} already exists.");
    }
}
