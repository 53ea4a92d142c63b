using System.Collections.Frozen;
using Longspan.Api.Shapes;
using Longspan.Api.Sts;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Services.Sts.Operations;
using Longspan.Services.Sts.WebIdentity;

namespace Longspan.Services.Sts;

/// <summary>What an STS operation works with.</summary>
public sealed record StsContext(CallContext Call, SessionTokens Tokens)
{
    public Caller Caller => Call.Caller;
    internal IssuerKeys IssuerKeys { get; init; } = null!;
}

/// <summary>The Security Token Service: temporary credentials, and who am I.</summary>
public sealed class StsModule : ServiceModule<StsContext>
{
    private readonly Cloud _cloud;
    private readonly SessionTokens _tokens;
    private readonly IssuerKeys _issuerKeys = new();

    public StsModule(Cloud cloud, SessionTokens tokens)
        : base(StsOperations.Service)
    {
        (_cloud, _tokens) = (cloud, tokens);
        Map(StsOperations.AssumeRole, AssumeRole.HandleAsync, StsAccess.AssumeRoleAsync);
        Map(StsOperations.DecodeAuthorizationMessage, DecodeAuthorizationMessage.HandleAsync, (_, _) => "*");
        Map(StsOperations.GetAccessKeyInfo, GetAccessKeyInfo.HandleAsync, (_, _) => "*");
        Map(StsOperations.GetCallerIdentity, GetCallerIdentity.HandleAsync, (_, _, _) => AccessRules.None);
        Map(StsOperations.GetSessionToken, GetSessionToken.HandleAsync, (_, _, _) => AccessRules.None);
        MapFederation();
    }

    public override IReadOnlySet<Operation> OwnAuthentication { get; } =
        new Operation[] { StsOperations.AssumeRoleWithWebIdentity }.ToFrozenSet();

    /// <summary>Whoever has an identity token needs no key; a request that is signed all the same is checked as every other.</summary>
    public override ValueTask<Caller?> AuthenticateAsync(Operation operation, SignedRequest? signed, CancellationToken stop) =>
        ValueTask.FromResult(signed is null ? Caller.Anonymous(_cloud.Settings.AccountId) : null);

    public override ValueTask ResetAsync(CancellationToken stop)
    {
        _issuerKeys.Forget();
        return ValueTask.CompletedTask;
    }

    protected override StsContext NewContext(CallContext call) => new(call, _tokens) { IssuerKeys = _issuerKeys };

    private void MapFederation()
    {
        // The token and the role's trust policy decide; there is no caller whose policies could be asked.
        Map(StsOperations.AssumeRoleWithWebIdentity, AssumeRoleWithWebIdentity.HandleAsync,
            (_, _, _) => ValueTask.FromResult<IReadOnlyList<AccessDemand>>([]));
        Map(StsOperations.GetFederationToken, GetFederationToken.HandleAsync,
            (cx, request) => AccessKeys.FederatedUserArn(cx.Call.AccountId, request.Name ?? ""));
    }
}
