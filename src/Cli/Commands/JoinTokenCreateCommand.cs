using System.CommandLine;
using Longspan.Api.Shapes;
using Longspan.Api.Ssm;
using Longspan.Cli.Connection;
using Longspan.Cli.Embedded;
using Longspan.Node.Identity;

namespace Longspan.Cli.Commands;

/// <summary><c>longspan join-token create</c>: one word with which a machine finds the server, knows it again, and is let in.</summary>
internal static class JoinTokenCreateCommand
{
    public static Command Create()
    {
        var server = new ServerOptions();
        var role = new Option<string>("--iam-role") { Description = "IAM role of the machines that join; it must trust ssm.amazonaws.com", DefaultValueFactory = _ => "longspan-node" };
        var limit = new Option<int>("--limit") { Description = "Machines that may join with it", DefaultValueFactory = _ => 1 };
        var hours = new Option<int>("--hours") { Description = "Hours until it ends", DefaultValueFactory = _ => 24 };
        var name = new Option<string?>("--name") { Description = "Name of the machines in Systems Manager" };
        var command = new Command("create", "Make a join token: the server's address, an activation and the key to know the server by. It is a secret")
        {
            role, limit, hours, name,
        };
        foreach (var option in server.All)
        {
            command.Add(option);
        }
        command.SetAction(async (parsed, stop) =>
        {
            using var access = server.Open(parsed);
            var token = await MakeAsync(access, new CreateActivationRequest
            {
                IamRole = parsed.GetRequiredValue(role), RegistrationLimit = parsed.GetValue(limit), DefaultInstanceName = parsed.GetValue(name),
                ExpirationDate = TimeProvider.System.GetUtcNow().AddHours(parsed.GetValue(hours)),
            }, stop);
            Warn(token);
            Console.WriteLine(token.Encode());
            return 0;
        });
        return command;
    }

    private static async Task<JoinToken> MakeAsync(ServerAccess access, CreateActivationRequest request, CancellationToken stop)
    {
        // Before the activation: a server that is not the right one must not be asked for any.
        var pin = await access.PinAsync(stop);
        try
        {
            var activation = await access.CallAsync(SsmOperations.CreateActivation, request, stop);
            return new JoinToken(access.Endpoint, access.Region, activation.ActivationId!, activation.ActivationCode!, pin);
        }
        catch (AwsError refused) when (refused.Message.Contains("Nonexistent role", StringComparison.Ordinal))
        {
            throw new CommandFailure($"The server refused: {refused.Message}", "Create the role, or name another with --iam-role.");
        }
    }

    private static void Warn(JoinToken token)
    {
        if (token.Endpoint.IsLoopback)
        {
            Console.Error.WriteLine(
                $"longspan: warning: the token names {token.Endpoint}, which only this machine reaches. Give --endpoint as the machines that join reach it.");
        }
        if (token.Endpoint.Scheme != "https")
        {
            Console.Error.WriteLine("longspan: warning: that address is plain HTTP: whoever is on the way can read and change everything.");
        }
        else if (token.Pin is null)
        {
            Console.Error.WriteLine(
                "longspan: note: the server's certificate leads to an authority that it does not show, so nothing is pinned: "
                + "machines that join check it by their trust store, or by --ca FILE.");
        }
    }
}
