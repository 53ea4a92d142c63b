using System.Text.Json;
using Longspan.Api.Shapes;
using Longspan.Cli.Embedded;
using Longspan.Wire.Client;

namespace Longspan.Cli.Connection;

/// <summary>Says in words what kept a command from its work, and what to do next.</summary>
internal static class ConnectionFailures
{
    public static CommandFailure? Explain(Exception error, ServerConnection server, CancellationToken stop) => error switch
    {
        AwsError refused => Refused(refused, server),
        HttpRequestException when ServerTrust.RefusalIn(error) is { } untrusted => new CommandFailure(
            $"The server at {server.Endpoint} ({server.Source}) is not trusted. {untrusted.Message}"),
        HttpRequestException unreachable => new CommandFailure(
            $"No server answers at {server.Endpoint} ({server.Source}): {unreachable.Message}",
            "Start it with 'longspan up' or 'longspan server --data DIR', or name another with --endpoint."),
        OperationCanceledException when !stop.IsCancellationRequested => new CommandFailure(
            $"The server at {server.Endpoint} ({server.Source}) did not answer in time.", "Look at 'longspan status' and the server's log, then run the command again."),
        InvalidDataException or JsonException => new CommandFailure(
            $"What answers at {server.Endpoint} ({server.Source}) is not an AWS endpoint.", "Name the server with --endpoint."),
        _ => null,
    };

    private static CommandFailure Refused(AwsError refused, ServerConnection server) => refused.Code switch
    {
        "InvalidClientTokenId" or "UnrecognizedClientException" or "SignatureDoesNotMatch" or "InvalidSignatureException" or "InvalidAccessKeyId"
            or "IncompleteSignature" or "IncompleteSignatureException" or "InvalidToken" or "MissingAuthenticationToken" or "MissingAuthenticationTokenException" or "ExpiredToken" or "ExpiredTokenException" => new CommandFailure(
            $"The server at {server.Endpoint} does not take the credentials from {server.Keys.Source}: {refused.Message}",
            "A server writes its administrator's keys to 'credentials' in its --data folder; give that file with --credentials."),
        "AccessDenied" or "AccessDeniedException" => new CommandFailure(
            $"The credentials from {server.Keys.Source} may not do this: {refused.Message}",
            "Give their user or role a policy that allows the action that is named there, or use other credentials."),
        "QueueDoesNotExist" => new CommandFailure("The queue does not exist any more.", "'longspan queue list' shows all queues."),
        "UnknownOperationException" or "InvalidAction" => new CommandFailure(
            $"The server at {server.Endpoint} does not know this operation: {refused.Message}",
            "What this command uses beyond the AWS API is a Longspan extension; other servers, and older ones, do not offer it."),
        "PurgeQueueInProgress" => new CommandFailure(refused.Message, "Wait until a minute has passed since the purge before, then run the command again."),
        _ => new CommandFailure($"The server refused: {refused.Code}: {refused.Message}", refused.IsServerFault ? "The server's log may say more." : null),
    };
}
