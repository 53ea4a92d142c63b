using System.CommandLine;
using System.Net;
using Longspan.Cli.Embedded;
using Longspan.Server;

namespace Longspan.Cli.Commands;

/// <summary><c>longspan server</c>: the control plane in the foreground. Prints one line when it is ready.</summary>
internal static class ServerCommand
{
    public static Command Create()
    {
        var data = new Option<DirectoryInfo>("--data") { Description = "Folder of everything durable; made when it is missing", Required = true };
        var port = new Option<int>("--port") { Description = "Port of the AWS endpoint; 0 asks for a free one", DefaultValueFactory = _ => ServerSettings.DefaultPort };
        var bind = new Option<string[]>("--bind") { Description = "Address to listen on; may be repeated (default: 127.0.0.1)", AllowMultipleArgumentsPerToken = false };
        var account = new Option<string>("--account") { Description = "Account id", DefaultValueFactory = _ => "123456789012" };
        var region = new Option<string>("--region") { Description = "Region written to the credentials file", DefaultValueFactory = _ => "us-east-1" };
        var insecure = new Option<bool>("--insecure-http") { Description = "Plain HTTP on all addresses, for links that never leave this machine" };
        var certificate = new Option<FileInfo?>("--tls-cert") { Description = "PEM file of a certificate and its chain, for addresses beyond loopback (default: one that the server makes)" };
        var key = new Option<FileInfo?>("--tls-key") { Description = "PEM file of the key of --tls-cert" };
        var names = new Option<string[]>("--tls-name") { Description = "Name or address by which clients call the server, for the certificate that it makes; may be repeated" };
        var any = new Option<bool>("--accept-any-credentials") { Description = "Loopback only: unknown keys act as the administrator (for test suites)" };
        var strict = new Option<bool>("--aws-strict") { Description = "Refuse what AWS refuses, also where Longspan could serve it" };
        var rate = new Option<int>("--rate-limit")
        {
            Description = "Control-plane calls a second that one identity may make; 0 for no limit", DefaultValueFactory = _ => ServerSettings.DefaultRateLimit,
        };
        var keyCommand = SharedOptions.KeyCommand("--key-command", "Program with arguments that prints the sealing key, in place of DATA/keys/seal.key");
        var publish = new Option<string[]>("--publish") { Description = "PORT=REGION/CLUSTER/SERVICE:CONTAINERPORT; may be repeated" };
        var command = new Command("server", "Run the control plane in the foreground")
        {
            data, port, bind, account, region, certificate, key, names, insecure, any, strict, rate, keyCommand, publish,
        };
        command.SetAction(async (parsed, stop) =>
        {
            FileMask.OwnerOnly();
            var settings = new ServerSettings
            {
                DataFolder = parsed.GetRequiredValue(data).FullName,
                Port = parsed.GetValue(port),
                Bind = parsed.GetValue(bind) is { Length: > 0 } addresses ? [.. addresses.Select(ParseAddress)] : [IPAddress.Loopback],
                AccountId = parsed.GetRequiredValue(account),
                Region = parsed.GetRequiredValue(region),
                InsecureHttp = parsed.GetValue(insecure),
                TlsCertificateFile = parsed.GetValue(certificate)?.FullName,
                TlsKeyFile = parsed.GetValue(key)?.FullName,
                TlsNames = parsed.GetValue(names) ?? [],
                AcceptAnyCredentials = parsed.GetValue(any),
                AwsStrict = parsed.GetValue(strict),
                RateLimit = parsed.GetValue(rate),
                KeyCommand = SharedOptions.ProgramOf(parsed, keyCommand),
                Publish = [.. (parsed.GetValue(publish) ?? []).Select(ParsePublish)],
            };
            try
            {
                await RunAsync(settings, stop);
                return 0;
            }
            catch (SettingsException refused)
            {
                throw new CommandFailure(string.Join(Environment.NewLine + "          ", refused.Faults));
            }
            catch (Exception refused) when (ServerFailures.Explain(refused, settings) is { } failure)
            {
                throw failure;
            }
        });
        return command;
    }

    private static async Task RunAsync(ServerSettings settings, CancellationToken stop)
    {
        await using var server = await LongspanServer.StartAsync(settings, stop);
        if (settings.AcceptAnyCredentials)
        {
            Console.Error.WriteLine("longspan: warning: --accept-any-credentials is on. Anyone who reaches this port is the administrator.");
        }
        if (server.NewAccessKeyId is { } made)
        {
            Console.Error.WriteLine($"longspan: the administrator's access key {made} was made; its secret is in {server.CredentialsFile} and is shown nowhere else.");
        }
        Console.WriteLine($"Longspan is ready on {server.Endpoint} (credentials: {server.CredentialsFile})");
        await server.WaitForEndAsync(stop);
    }

    private static IPAddress ParseAddress(string text) =>
        IPAddress.TryParse(text, out var address) ? address : throw new CommandFailure($"--bind {text} is not an IP address.", "Use for example 127.0.0.1.");

    private static PublishedService ParsePublish(string text) =>
        PublishedService.Parse(text) ?? throw new CommandFailure($"--publish {text} is not understood.", "Use PORT=REGION/CLUSTER/SERVICE:CONTAINERPORT.");
}
