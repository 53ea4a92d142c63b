using System.Collections.Frozen;
using Longspan.Api.Shapes;
using Longspan.Wire.Protocols;
using Longspan.Wire.Signing;

namespace Longspan.Wire.Recognition;

/// <summary>
/// Tells which operation of which service a request means, in which protocol. All services share one address, so what AWS tells by
/// host name is told here by the target header, the CBOR path, the form's action, or the service in the signature's scope.
/// </summary>
public sealed class Recogniser
{
    private readonly FrozenDictionary<string, ServiceSchema> _byTarget;
    private readonly FrozenDictionary<string, ServiceSchema[]> _bySigningName;
    private readonly FrozenDictionary<ServiceSchema, FrozenDictionary<string, Operation>> _operations;
    private readonly FrozenDictionary<ServiceSchema, Route[]> _routes;
    private readonly ServiceSchema[] _queryServices;

    private sealed record Route(string Method, UriPattern Pattern, Operation Operation);

    public Recogniser(IReadOnlyList<ServiceSchema> services)
    {
        _byTarget = services.Where(s => s.TargetPrefix is not null).ToFrozenDictionary(s => s.TargetPrefix!, StringComparer.Ordinal);
        _bySigningName = services.GroupBy(s => s.SigningName).ToFrozenDictionary(g => g.Key, g => g.ToArray(), StringComparer.Ordinal);
        _operations = services.ToFrozenDictionary(s => s, s => s.Operations().ToFrozenDictionary(o => o.Name, StringComparer.Ordinal));
        _routes = services.ToFrozenDictionary(s => s, RoutesOf);
        _queryServices = [.. services.Where(s => s.Protocols.Contains(AwsProtocol.AwsQuery))];
    }

    public Recognised Recognise(WireRequest request)
    {
        if (request.Headers["smithy-protocol"].ToString() is { Length: > 0 } smithy)
        {
            return smithy == "rpc-v2-cbor" ? ByCborPath(request) : UnknownOperation(AwsProtocol.RestJson, null, request.Path);
        }
        // A form is the Query protocol, as on AWS, even with the target header that some clients of queues add to it.
        if (request.ContentType != "application/x-www-form-urlencoded" && request.Headers["x-amz-target"].ToString() is { Length: > 0 } target)
        {
            return ByTarget(request, target);
        }
        try
        {
            var scope = request.Scope;
            if (request.Form.Find("Action") is { Length: > 0 } action)
            {
                return ByAction(request, scope, action);
            }
            return scope is { } signed && _bySigningName.TryGetValue(signed.Service, out var services)
                ? ByScope(request, services)
                : Unknown(request, scope);
        }
        catch (MalformedRequestException e)
        {
            return new Recognised(AwsQuery.Instance, null, null, "", new AwsError("MalformedQueryString", e.Message));
        }
    }

    private Recognised ByTarget(WireRequest request, string target)
    {
        var dot = target.LastIndexOf('.');
        var (prefix, name) = dot < 0 ? ("", target) : (target[..dot], target[(dot + 1)..]);
        // Clients from models older than Smithy put a namespace before it: com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents.
        var service = ByName(prefix);
        var protocol = request.ContentType switch
        {
            "application/x-amz-json-1.0" => AwsProtocol.AwsJson10,
            "application/x-amz-json-1.1" => AwsProtocol.AwsJson11,
            _ => service?.Protocols.FirstOrDefault(p => p is AwsProtocol.AwsJson10 or AwsProtocol.AwsJson11) ?? AwsProtocol.AwsJson11,
        };
        return Find(protocol, service, name);
    }

    private ServiceSchema? ByName(string name) => _byTarget.GetValueOrDefault(name[(name.LastIndexOf('.') + 1)..]);

    private Recognised ByCborPath(WireRequest request)
    {
        // Anything may precede /service/NAME/operation/NAME: the path of the endpoint's own address.
        var parts = request.Path.Split('/');
        if (request.Method != "POST" || parts is not [.., "service", var name, "operation", var operation])
        {
            return UnknownOperation(AwsProtocol.RpcV2Cbor, null, request.Path);
        }
        var service = ByName(name);
        return Find(AwsProtocol.RpcV2Cbor, service?.Protocols.Contains(AwsProtocol.RpcV2Cbor) == true ? service : null, operation);
    }

    private Recognised ByAction(WireRequest request, CredentialScope? scope, string action)
    {
        var version = request.Form.Find("Version");
        ServiceSchema[] candidates;
        if (scope is { } signed)
        {
            candidates = [.. _queryServices.Where(s => s.SigningName == signed.Service)];
        }
        else
        {
            // Unsigned: an operation open to everyone, or a client that will be told to sign, in the right protocol.
            candidates = [.. _queryServices.Where(s => s.ApiVersion == version && s.AllOperations.Contains(action))];
        }
        // Two services under one signing name, as both generations of load balancers, differ in version only.
        var service = candidates.FirstOrDefault(s => s.ApiVersion == version) ?? candidates.FirstOrDefault();
        if (service is not null && _operations[service].TryGetValue(action, out var operation))
        {
            return new Recognised(AwsQuery.Instance, service, operation, action, null);
        }
        var error = service is null && scope is null
            ? new SignatureErrors(AwsProtocol.AwsQuery, isS3: false).Missing()
            : new AwsError("InvalidAction", $"Could not find operation {action} for version {version ?? service?.ApiVersion ?? "NO_VERSION_SPECIFIED"}");
        return new Recognised(AwsQuery.Instance, service, null, action, error);
    }

    private Recognised ByScope(WireRequest request, ServiceSchema[] services)
    {
        foreach (var service in services)
        {
            foreach (var route in _routes[service])
            {
                if (route.Method == request.Method && route.Pattern.Match(request.Path, request.QueryFields) is not null)
                {
                    return new Recognised(ProtocolCodec.For(RestProtocolOf(service)!.Value), service, route.Operation, route.Operation.Name, null);
                }
            }
        }
        var first = services[0];
        var protocol = RestProtocolOf(first) ?? first.Protocols[0];
        return protocol == AwsProtocol.AwsQuery
            ? new Recognised(AwsQuery.Instance, first, null, "", new AwsError("MissingAction", "The request must contain the parameter Action."))
            : UnknownOperation(protocol, first, request.Path);
    }

    private static Recognised Unknown(WireRequest request, CredentialScope? scope)
    {
        if (scope is null)
        {
            return new Recognised(
                AwsQuery.Instance, null, null, "", new SignatureErrors(AwsProtocol.AwsQuery, isS3: false).Missing());
        }
        var protocol = request.ContentType.StartsWith("application/json", StringComparison.Ordinal) ? AwsProtocol.RestJson : AwsProtocol.RestXml;
        return new Recognised(ProtocolCodec.For(protocol), null, null, "",
            new AwsError("UnknownOperationException", $"The service '{scope.Value.Service}' is not offered here.", 404));
    }

    private Recognised Find(AwsProtocol protocol, ServiceSchema? service, string name) =>
        service is not null && _operations[service].TryGetValue(name, out var operation)
            ? new Recognised(ProtocolCodec.For(protocol), service, operation, name, null)
            : UnknownOperation(protocol, service, name);

    private static Recognised UnknownOperation(AwsProtocol protocol, ServiceSchema? service, string name)
    {
        // An operation that AWS has and we do not deserves more than AWS's empty answer to a misspelt one.
        var message = service is not null && service.AllOperations.Contains(name)
            ? $"The operation {name} of {service.Name} is not supported here yet."
            : service is null ? $"No service offered here has an operation '{name}'." : $"The operation {name} does not exist.";
        var status = protocol is AwsProtocol.AwsJson10 or AwsProtocol.AwsJson11 ? 400 : 404;
        return new Recognised(ProtocolCodec.For(protocol), service, null, name, new AwsError("UnknownOperationException", message, status, "InvalidAction"));
    }

    private static AwsProtocol? RestProtocolOf(ServiceSchema service)
    {
        foreach (var protocol in service.Protocols)
        {
            if (protocol is AwsProtocol.RestJson or AwsProtocol.RestXml)
            {
                return protocol;
            }
        }
        return null;
    }

    private static Route[] RoutesOf(ServiceSchema service) =>
        RestProtocolOf(service) is null
            ? []
            : [.. service.Operations()
                .Where(o => o.HttpUri is not null)
                .Select(o => new Route(o.HttpMethod!, UriPattern.Parse(o.HttpUri!), o))
                .OrderByDescending(r => r.Pattern.Specificity)];
}
