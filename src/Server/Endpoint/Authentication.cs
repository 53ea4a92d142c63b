using System.Collections.Frozen;
using Longspan.Api.Shapes;
using Longspan.Kernel;
using Longspan.Kernel.Access;
using Longspan.Wire;
using Longspan.Wire.Protocols;
using Longspan.Wire.Signing;
using Microsoft.AspNetCore.Http;

namespace Longspan.Server.Endpoint;

/// <summary>Joins the wire's signature check and the account's access keys: a request in, its caller and region out.</summary>
internal sealed class Authentication
{
    private readonly AccessKeys _keys;
    /// <summary>Operations that modules have ways into of their own, by module; all others go straight to the signature.</summary>
    private readonly FrozenDictionary<Operation, ServiceModule[]> _ownWays;
    private readonly SigV4 _signatures;
    private readonly LastUses _uses;
    private readonly string _defaultRegion;

    /// <param name="defaultRegion">The region of calls that are not signed and so name none.</param>
    public Authentication(AccessKeys keys, IReadOnlyList<ServiceModule> modules, LastUses uses, string defaultRegion, TimeProvider clock)
    {
        (_keys, _uses, _defaultRegion) = (keys, uses, defaultRegion);
        _ownWays = modules.SelectMany(module => module.OwnAuthentication.Select(operation => (operation, module)))
            .GroupBy(way => way.operation, way => way.module).ToFrozenDictionary(ways => ways.Key, ways => ways.ToArray());
        _signatures = new SigV4(LookUpAsync, clock);
    }

    /// <summary>The caller of an AWS operation. A service's own ways in (activation codes, machine keys) are asked first.</summary>
    public async ValueTask<(Caller Caller, string Region)> VerifyAsync(WireRequest request, AwsProtocol protocol, Operation operation, CancellationToken stop)
    {
        if (_ownWays.TryGetValue(operation, out var modules))
        {
            foreach (var module in modules)
            {
                if (await VerifyByModuleAsync(module, request, protocol, operation, stop) is { } own)
                {
                    return own;
                }
            }
        }
        return Accept(await _signatures.VerifyAsync(request, protocol, operation.Service.SigningName, stop));
    }

    /// <summary>The caller of an endpoint beside the AWS operations, such as the agents' websockets; their bodies are empty.</summary>
    public async ValueTask<(Caller Caller, string Region)> VerifyAsync(HttpContext http, string signingName, CancellationToken stop) =>
        Accept(await _signatures.VerifyAsync(WireRequest.From(http, default), AwsProtocol.AwsJson11, signingName, stop));

    /// <summary>The signer of one websocket frame, and what it signed.</summary>
    public async ValueTask<(Caller Caller, ReadOnlyMemory<byte> Payload)> VerifyFrameAsync(
        HttpContext http, string signingName, ReadOnlyMemory<byte> frame, CancellationToken stop)
    {
        var opened = WireRequest.From(http, default);
        var verdict = await _signatures.VerifyFrameAsync(opened.Path, opened.Query, frame, signingName, stop);
        return (Accept(verdict.Signature).Caller, verdict.Payload);
    }

    private async ValueTask<(Caller Caller, string Region)?> VerifyByModuleAsync(
        ServiceModule module, WireRequest request, AwsProtocol protocol, Operation operation, CancellationToken stop)
    {
        if (!SigV4.IsSigned(request))
        {
            return await module.AuthenticateAsync(operation, null, stop) is { } anonymous ? (anonymous, _defaultRegion) : null;
        }
        // Access keys have four letters and a number; machine ids have a dash.
        var signed = _signatures.ReadForeign(request, protocol, operation.Service.SigningName, key => key.Contains('-', StringComparison.Ordinal));
        return signed is not null
            && await module.AuthenticateAsync(operation, new SignedRequest(signed.KeyId, signed.Region, signed.StringToSign, signed.Signature), stop) is { } machine
            ? (machine, signed.Region)
            : null;
    }

    private (Caller Caller, string Region) Accept(SignatureVerdict verdict)
    {
        if (verdict.Key?.Owner is not Caller caller)
        {
            throw (Exception?)verdict.Error ?? new InvalidOperationException("A verified key has no owner.");
        }
        _uses.Note(caller, verdict.Service, verdict.Region);
        return (caller, verdict.Region);
    }

    private async ValueTask<SigningKey?> LookUpAsync(string accessKeyId, string? sessionToken, CancellationToken stop)
    {
        var found = await _keys.FindAsync(accessKeyId, sessionToken, stop);
        return found.Status switch
        {
            KeyStatus.Found => new SigningKey
            {
                AccessKeyId = accessKeyId, Secret = found.Secret, SessionToken = found.Session is null ? null : sessionToken, Owner = found.Caller,
            },
            // The wire checks the signature first and tells of the expiry then, as AWS does.
            KeyStatus.Expired => new SigningKey
            {
                AccessKeyId = accessKeyId, Secret = found.Secret, SessionToken = sessionToken, Expiration = DateTimeOffset.MinValue, Owner = found.Caller,
            },
            KeyStatus.AcceptedUnverified => new SigningKey { AccessKeyId = accessKeyId, AnySignature = true, Owner = found.Caller },
            _ => null,
        };
    }
}
