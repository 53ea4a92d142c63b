using Longspan.Api.Sts;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Services.Sts.Operations;

namespace Longspan.Services.Sts;

/// <summary>What an STS operation works with.</summary>
public sealed record StsContext(CallContext Call, SessionTokens Tokens)
{
    public Caller Caller => Call.Caller;
}

/// <summary>The Security Token Service: temporary credentials, and who am I.</summary>
public sealed class StsModule : ServiceModule<StsContext>
{
    private readonly SessionTokens _tokens;

    public StsModule(SessionTokens tokens)
        : base(StsOperations.Service)
    {
        _tokens = tokens;
        Map(StsOperations.AssumeRole, AssumeRole.HandleAsync, StsAccess.AssumeRoleAsync);
        Map(StsOperations.DecodeAuthorizationMessage, DecodeAuthorizationMessage.HandleAsync, (_, _) => "*");
        Map(StsOperations.GetAccessKeyInfo, GetAccessKeyInfo.HandleAsync, (_, _) => "*");
        Map(StsOperations.GetCallerIdentity, GetCallerIdentity.HandleAsync, (_, _, _) => AccessRules.None);
        Map(StsOperations.GetSessionToken, GetSessionToken.HandleAsync, (_, _, _) => AccessRules.None);
    }

    protected override StsContext NewContext(CallContext call) => new(call, _tokens);
}
