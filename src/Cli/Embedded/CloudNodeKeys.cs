using System.Text;
using Longspan.Api.Iam;
using Longspan.Api.Shapes;
using Longspan.Wire.Client;

namespace Longspan.Cli.Embedded;

/// <summary>
/// The cloud node's own identity: a user that may do what a node does and nothing else, and its keys in a file that only root reads. A
/// node that is taken over then gives away no more than itself.
/// </summary>
internal sealed class CloudNodeKeys(AwsClient aws, Home home)
{
    private const string User = "longspan-cloud-node";
    private const string PolicyName = "node";

    /// <param name="policy">What a node may do.</param>
    public async Task EnsureAsync(string policy, CancellationToken stop)
    {
        try
        {
            await aws.CallAsync(IamOperations.CreateUser, new() { UserName = User }, stop);
        }
        catch (AwsError exists) when (exists.Code == "EntityAlreadyExists")
        {
            // Made by an earlier run.
        }
        await aws.CallAsync(IamOperations.PutUserPolicy, new() { UserName = User, PolicyName = PolicyName, PolicyDocument = policy }, stop);
        var keys = (await aws.CallAsync(IamOperations.ListAccessKeys, new() { UserName = User }, stop)).AccessKeyMetadata ?? [];
        if (keys.Exists(key => key.Status == "Active" && IsInFile(key.AccessKeyId!)))
        {
            return;
        }
        // Secrets are told once. A key whose file is gone can never be used again, and there may be only two.
        foreach (var key in keys)
        {
            await aws.CallAsync(IamOperations.DeleteAccessKey, new() { UserName = User, AccessKeyId = key.AccessKeyId }, stop);
        }
        Write((await aws.CallAsync(IamOperations.CreateAccessKey, new() { UserName = User }, stop)).AccessKey!);
    }

    private bool IsInFile(string keyId) => File.Exists(home.CloudNodeKeys) && File.ReadAllText(home.CloudNodeKeys).Contains(keyId, StringComparison.Ordinal);

    private void Write(AccessKey key)
    {
        var text = $"[default]\naws_access_key_id = {key.AccessKeyId}\naws_secret_access_key = {key.SecretAccessKey}\n";
        var temporary = home.CloudNodeKeys + ".new";
        File.Delete(temporary);
        using (var file = new FileStream(temporary, new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            file.Write(Encoding.UTF8.GetBytes(text));
        }
        File.Move(temporary, home.CloudNodeKeys, overwrite: true);
    }
}
