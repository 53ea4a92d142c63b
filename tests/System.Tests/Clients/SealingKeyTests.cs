using System.Security.Cryptography;
using Longspan.Api.Kms;
using Xunit;

namespace Longspan.System.Tests.Clients;

/// <summary>The key of a data folder as operators handle it: in a file, from a program, and changed while the server is stopped.</summary>
public sealed class SealingKeyTests
{
    [Fact]
    public async Task A_folder_moves_from_its_file_to_a_program_and_keeps_its_secrets()
    {
        await using var server = await ServerProcess.StartAsync();
        var key = (await server.Client.CallAsync(KmsOperations.CreateKey, new(), CancellationToken.None)).KeyMetadata!;
        var blob = (await server.Client.CallAsync(
            KmsOperations.Encrypt, new() { KeyId = key.KeyId, Plaintext = "s3cret"u8.ToArray() }, CancellationToken.None)).CiphertextBlob;
        var program = $"/bin/echo \"{Convert.ToHexString(RandomNumberGenerator.GetBytes(32))}\"";
        string[] reseal = ["keys", "reseal", "--data", server.Data, "--new-key-command", program];

        var (refused, reason) = await RunAsync(reseal);
        Assert.Equal(1, refused);
        Assert.Contains("in use", reason, StringComparison.Ordinal);
        await server.Process.StopAsync();
        var (code, said) = await RunAsync(reseal);
        Assert.True(code == 0, said);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(server.Data, "keys")));

        var (without, why) = await RunAsync("server", "--data", server.Data, "--port", "0");
        Assert.Equal(1, without);
        Assert.Contains("seal.key is missing", why, StringComparison.Ordinal);
        await server.StartAgainAsync("--key-command", program);
        var opened = await server.Client.CallAsync(KmsOperations.Decrypt, new() { CiphertextBlob = blob }, CancellationToken.None);
        Assert.Equal("s3cret"u8.ToArray(), opened.Plaintext!.Value.ToArray());
    }

    private static async Task<(int Code, string Said)> RunAsync(params string[] arguments)
    {
        await using var process = OwnProcess.Start(arguments);
        var code = await process.EndsAsync();
        return (code, process.Said);
    }
}
