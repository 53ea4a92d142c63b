using System.Net;
using Longspan.Api.Shapes;
using Longspan.Api.Sts;
using Longspan.Node.Identity;
using Longspan.Node.State;
using Longspan.Wire.Client;
using Longspan.Wire.Signing;

namespace Longspan.Node.Diagnosis;

/// <summary>The server: whether it answers, whether its clock and ours agree, whether it takes this machine's keys, and its registry.</summary>
internal sealed class ServerChecks(NodeSettings settings)
{
    private static readonly TimeSpan NoticeableSkew = TimeSpan.FromSeconds(30);
    /// <summary>Signatures are refused beyond this.</summary>
    private static readonly TimeSpan LargestSkew = TimeSpan.FromMinutes(5);

    public async Task<IReadOnlyList<Finding>> LookAsync(CancellationToken stop)
    {
        ServerTrust trust;
        try
        {
            using var state = StateFolder.Look(settings.StateFolder);
            trust = ServerPin.Trust(settings, state, maySave: false, _ => { });
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return [Finding.Failed("server", e.Message, "Put the file right, or join with a new token ('longspan join-token create').")];
        }
        using var http = new HttpClient(trust.Guard(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }));
        var found = new List<Finding>();
        DateTimeOffset? theirs;
        try
        {
            var asked = settings.Time.GetUtcNow();
            using var answer = await http.GetAsync(new Uri(settings.Endpoint, "/health"), stop);
            theirs = answer.Headers.Date is { } date ? date + ((settings.Time.GetUtcNow() - asked) / 2) : null;
            found.Add(answer.IsSuccessStatusCode
                ? Finding.Fine("server", $"{settings.Endpoint} answers")
                : Finding.Doubtful("server", $"{settings.Endpoint} answers {(int)answer.StatusCode} to /health", "Make sure that --endpoint names a Longspan server."));
        }
        catch (HttpRequestException e) when (ServerTrust.RefusalIn(e) is not null)
        {
            return [Finding.Failed("server", $"{settings.Endpoint} answers, and is not trusted", e.Message)];
        }
        catch (HttpRequestException e)
        {
            return [Finding.Failed("server", $"{settings.Endpoint} does not answer: {e.Message}",
                "Check the address (--endpoint), that the server runs, and that this machine may reach it: nodes dial out only, to this one port.")];
        }
        found.Add(Clock(theirs));
        found.Add(await KeysAsync(http, stop));
        found.Add(await RegistryAsync(http, stop));
        return found;
    }

    private Finding Clock(DateTimeOffset? theirs)
    {
        if (theirs is not { } at)
        {
            return Finding.Doubtful("clock", "the server does not tell its time", "Keep the clocks right: 'timedatectl set-ntp true'.");
        }
        // The header has whole seconds.
        var skew = settings.Time.GetUtcNow() - at;
        var text = $"{Math.Abs(skew.TotalSeconds):0} s {(skew < TimeSpan.Zero ? "behind" : "ahead of")} the server";
        return skew.Duration() > LargestSkew
            ? Finding.Doubtful("clock", $"{text}: other AWS clients on this machine, and containers, will be refused", "Set the clock: 'timedatectl set-ntp true'.")
            : skew.Duration() > NoticeableSkew ? Finding.Doubtful("clock", text, "Set the clock: 'timedatectl set-ntp true'.")
            : Finding.Fine("clock", "agrees with the server's");
    }

    private async Task<Finding> KeysAsync(HttpClient http, CancellationToken stop)
    {
        const string Check = "credentials";
        try
        {
            using var state = Directory.Exists(settings.StateFolder) ? StateFolder.Look(settings.StateFolder) : null;
            using var machine = state is not null && File.Exists(state.File(ManagedInstance.FileName))
                ? new ManagedInstance(state, http, settings.Endpoint, settings.Region, settings.Time) : null;
            CredentialSource source;
            if (machine is { IsRegistered: true })
            {
                source = machine.KeysAsync;
            }
            else if (settings.KeysFile is { } file)
            {
                var keys = new KeysFile(file, settings.KeysProfile).Read();
                source = _ => ValueTask.FromResult(keys);
            }
            else if (settings.Keys is { } keys)
            {
                source = _ => ValueTask.FromResult(new AwsCredentials(keys.AccessKeyId, keys.SecretAccessKey, keys.SessionToken));
            }
            else
            {
                return settings.Activation is not null
                    ? Finding.Fine(Check, $"not joined yet; {settings.Activation} was not tried, because it can be used up")
                    : Finding.Failed(Check, "this machine has not joined and has no keys",
                        "Create an activation ('aws ssm create-activation --iam-role ROLE') and give --activation-id and --activation-code, or give --credentials.");
            }
            var client = new AwsClient(http, settings.Endpoint, settings.Region, source, settings.Time);
            var caller = await client.CallAsync(StsOperations.GetCallerIdentity, new GetCallerIdentityRequest(), stop);
            return Finding.Fine(Check, $"the server takes them: {caller.Arn}");
        }
        catch (AwsError e)
        {
            return Finding.Failed(Check, $"the server refuses them: {e.Code}: {e.Message}",
                "If it no longer knows this machine, create an activation and start the node with it: its containers are kept.");
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException or HttpRequestException)
        {
            return Finding.Failed(Check, e.Message, "Put the file right, or run as the user that owns it.");
        }
    }

    private async Task<Finding> RegistryAsync(HttpClient http, CancellationToken stop)
    {
        const string Check = "registry";
        try
        {
            using var answer = await http.GetAsync(new Uri(settings.Endpoint, "/v2/"), stop);
            return answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Unauthorized
                ? Finding.Fine(Check, $"{settings.Endpoint.Authority} answers")
                : Finding.Doubtful(Check, $"{settings.Endpoint.Authority} answers {(int)answer.StatusCode} to /v2/", "Images of this server cannot be pulled; those of other registries can.");
        }
        catch (HttpRequestException e)
        {
            return Finding.Doubtful(Check, e.Message, "Images of this server cannot be pulled now.");
        }
    }
}
