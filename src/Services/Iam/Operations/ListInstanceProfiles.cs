using Longspan.Api.Iam;
using Longspan.Kernel.Access.Documents;
using Longspan.Services.Iam.Rules;

namespace Longspan.Services.Iam.Operations;

internal static class ListInstanceProfiles
{
    public static async ValueTask<ListInstanceProfilesResponse> HandleAsync(
        IamContext cx, ListInstanceProfilesRequest request, CancellationToken stop)
    {
        var profiles = await cx.Documents.ListAsync(AccessKinds.InstanceProfiles, cx.AccountId, stop);
        var page = Paging.Cut(
            profiles.Where(p => p.Value.Path.StartsWith(request.PathPrefix ?? "/", StringComparison.Ordinal)),
            p => p.Key.Name, request.Marker, request.MaxItems);
        List<InstanceProfile> shapes = [];
        foreach (var profile in page.Items)
        {
            shapes.Add(await InstanceProfiles.ToShapeAsync(cx, profile.Value, stop, whole: false));
        }
        return new ListInstanceProfilesResponse { InstanceProfiles = shapes, IsTruncated = page.IsTruncated, Marker = page.Marker };
    }
}
