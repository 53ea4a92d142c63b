using System.Text;
using Longspan.Api.Ecr;

namespace Longspan.Services.Ecr.Operations;

/// <summary>A token for <c>docker login</c>: user <c>AWS</c> and a sealed password that names the caller. Valid for twelve hours, as in ECR.</summary>
internal static class GetAuthorizationToken
{
    public static ValueTask<GetAuthorizationTokenResponse> HandleAsync(EcrContext cx, GetAuthorizationTokenRequest request, CancellationToken stop)
    {
        var expires = cx.Now + RegistryTokens.Lifetime;
        var password = cx.Tokens.Issue(RegistryClaims.Of(cx.Call, expires));
        return new(new GetAuthorizationTokenResponse
        {
            AuthorizationData =
            [
                new()
                {
                    AuthorizationToken = Convert.ToBase64String(Encoding.UTF8.GetBytes($"AWS:{password}")),
                    ExpiresAt = expires,
                    ProxyEndpoint = cx.Call.Endpoint.GetLeftPart(UriPartial.Authority),
                },
            ],
        });
    }
}
