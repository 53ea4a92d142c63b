using Longspan.Api.Kms;
using Longspan.Services.Kms.Documents;
using Longspan.Services.Kms.Rules;
using Longspan.Store.Documents;

namespace Longspan.Services.Kms.Operations;

internal static class CreateGrant
{
    public static async ValueTask<CreateGrantResponse> HandleAsync(KmsContext cx, CreateGrantRequest request, CancellationToken stop)
    {
        GrantTokens.Check(request.GrantTokens);
        var asked = await GrantPrincipals.BoundAsync(cx, Grants.Read(cx, request), stop);
        var grant = asked;
        await cx.CommitAsync(
            async () =>
            {
                var key = await Keys.RequireByIdAsync(cx, request.KeyId, stop);
                Keys.CheckUsable(cx, key.Value);
                grant = asked with { KeyId = key.Value.KeyId };
                var present = await Grants.OfKeyAsync(cx, key.Value.KeyId, stop);
                // The same grant under the same name is the same call, repeated.
                if (present.FirstOrDefault(other => Grants.IsRepeat(grant, other.Value)) is { } earlier)
                {
                    grant = earlier.Value;
                    return null;
                }
                if (present.Count >= Grants.MaximumOfKey)
                {
                    throw new LimitExceededException($"A key may not have more than {Grants.MaximumOfKey} grants.");
                }
                return request.DryRun == true
                    ? null
                    : new Commit().Expect(key).Create(KmsKinds.Grants, cx.Call.Scope, KmsKinds.PartOf(grant.KeyId, grant.GrantId), grant);
            },
            stop);
        return request.DryRun == true
            ? throw KmsFaults.DryRun()
            : new CreateGrantResponse { GrantId = grant.GrantId, GrantToken = GrantTokens.Of(grant) };
    }
}
