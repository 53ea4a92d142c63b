using System.CommandLine;
using Longspan.Api.Iam;
using Longspan.Api.Shapes;
using Longspan.Api.Sts;
using Longspan.Cli.Connection;
using Longspan.Cli.Embedded;
using Longspan.Kernel.Access;
using Longspan.Wire.Signing;

namespace Longspan.Cli.Commands;

/// <summary>
/// <c>longspan keys rotate</c>: a new access key for the administrator, written to the data folder's <c>credentials</c>; the old one goes on for a grace,
/// is switched off, and is deleted. Whatever ends it half-way leaves a key that works in the file, and <c>--finish</c> does the rest.
/// </summary>
internal static class KeysRotateCommand
{
    private const int LongestGrace = 7 * 24 * 60 * 60;

    public static Command Create()
    {
        var server = new ServerOptions();
        var grace = new Option<int>("--grace")
        {
            Description = "Seconds for which the old key goes on beside the new one; the command waits for that long", DefaultValueFactory = _ => 0,
        };
        grace.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > LongestGrace)
            {
                result.AddError($"--grace must be a number of seconds from 0 to {LongestGrace}.");
            }
        });
        var finish = new Option<bool>("--finish") { Description = "Make no key; only remove the one that an interrupted rotation left beside that of the credentials file" };
        var command = new Command("rotate", "Replace the administrator's access key in the server's data folder") { grace, finish };
        foreach (var option in server.All)
        {
            command.Add(option);
        }
        command.SetAction(async (parsed, stop) =>
        {
            using var access = server.Open(parsed);
            var folder = access.DataFolder ?? throw new CommandFailure(
                "The new key is written to the server's data folder, and none was named.", "Run this on the server's machine with --data DIR.", exitCode: 2);
            await RunAsync(access, Path.Combine(folder, CredentialsFile.FileName), TimeSpan.FromSeconds(parsed.GetValue(grace)), parsed.GetValue(finish), stop);
            return 0;
        });
        return command;
    }

    private static async Task RunAsync(ServerAccess access, string file, TimeSpan grace, bool finish, CancellationToken stop)
    {
        if (await CredentialsFile.ReadAccessKeyIdAsync(file, stop) != access.Keys.AccessKeyId)
        {
            throw new CommandFailure($"The keys in use are not those of {file}.", "Give --data only; it has the credentials.", exitCode: 2);
        }
        var caller = await access.CallAsync(StsOperations.GetCallerIdentity, new(), stop);
        var user = caller.Arn!.Split('/')[^1];
        var others = ((await access.CallAsync(IamOperations.ListAccessKeys, new() { UserName = user }, stop)).AccessKeyMetadata ?? [])
            .Select(key => key.AccessKeyId!).Where(id => id != access.Keys.AccessKeyId).ToArray();
        if (finish)
        {
            await EndAsync(access, access.Keys, user, others, stop);
            return;
        }
        if (others.Length > 0)
        {
            throw new CommandFailure(
                $"{user} has another key already: {string.Join(", ", others)}.", "If nobody needs it any more, 'longspan keys rotate --finish' removes it; then run this again.");
        }
        var made = (await access.CallAsync(IamOperations.CreateAccessKey, new() { UserName = user }, stop)).AccessKey!;
        var keys = new AwsCredentials(made.AccessKeyId!, made.SecretAccessKey!);
        // Tried before it is relied on: from here on the file is the only place that has the secret.
        await access.CallAsync(StsOperations.GetCallerIdentity, new(), stop, keys);
        CredentialsFile.Write(file, keys.AccessKeyId, keys.SecretAccessKey, access.Region);
        Console.WriteLine($"{keys.AccessKeyId} is the new key of {user}; it is in {file}.");
        if (grace > TimeSpan.Zero)
        {
            Console.WriteLine($"{access.Keys.AccessKeyId} goes on for {grace.TotalSeconds:0} s. If this is interrupted, 'longspan keys rotate --finish' ends it.");
            await Task.Delay(grace, stop);
        }
        await EndAsync(access, keys, user, [access.Keys.AccessKeyId], stop);
    }

    private static async Task EndAsync(ServerAccess access, AwsCredentials keys, string user, string[] old, CancellationToken stop)
    {
        foreach (var id in old)
        {
            await access.CallAsync(IamOperations.UpdateAccessKey, new() { UserName = user, AccessKeyId = id, Status = "Inactive" }, stop, keys);
            // With the old one off, the new one still gets in: only then is it gone for good.
            await access.CallAsync(StsOperations.GetCallerIdentity, new(), stop, keys);
            await access.CallAsync(IamOperations.DeleteAccessKey, new() { UserName = user, AccessKeyId = id }, stop, keys);
            Console.WriteLine($"{id} is switched off and deleted.");
        }
        if (old.Length == 0)
        {
            Console.WriteLine($"{user} has no other key; there is nothing to finish.");
        }
    }
}
