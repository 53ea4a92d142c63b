using System.Buffers.Text;
using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Longspan.Store;

/// <summary>
/// A program of the operator's that tells the sealing key, so that the key is in no file: it asks a vault, a TPM or a PKCS#11 token. It is run
/// without a shell. What it writes to its output is the key in hex or Base64, and nothing else; what it writes to its errors goes to ours.
/// </summary>
internal static class KeyCommand
{
    private const int MaximumOutput = 4096;
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    /// <exception cref="InvalidDataException">It did not run, failed, took too long, or told no key.</exception>
    public static async ValueTask<byte[]> RunAsync(IReadOnlyList<string> command, CancellationToken stop)
    {
        using var process = Start(command);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(s_limit);
        var output = new byte[MaximumOutput];
        try
        {
            process.StandardInput.Close();
            var length = await process.StandardOutput.BaseStream.ReadAtLeastAsync(output, output.Length, throwOnEndOfStream: false, limit.Token)
                .ConfigureAwait(false);
            if (length == output.Length)
            {
                throw Refuse(command, $"told more than {MaximumOutput} bytes");
            }
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            return process.ExitCode == 0
                ? TryRead(output.AsSpan(0, length)) ?? throw Refuse(command, $"told no key: {Sealer.KeyBytes} bytes in hex or Base64 are expected")
                : throw Refuse(command, $"ended with code {process.ExitCode}");
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw Refuse(command, $"took longer than {s_limit.TotalSeconds:0} s");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(output);
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static Process Start(IReadOnlyList<string> command)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        try
        {
            return Process.Start(start) ?? throw Refuse(command, "did not start");
        }
        catch (Win32Exception error)
        {
            throw Refuse(command, $"did not start: {error.Message}");
        }
    }

    private static byte[]? TryRead(ReadOnlySpan<byte> output)
    {
        var text = output.Trim(" \t\r\n"u8);
        var key = new byte[Sealer.KeyBytes];
        if (text.Length == 2 * Sealer.KeyBytes)
        {
            return Convert.FromHexString(Encoding.ASCII.GetString(text).AsSpan(), key, out _, out var written) == System.Buffers.OperationStatus.Done
                && written == key.Length ? key : null;
        }
        // Decoded in place of a longer buffer: what does not fit is no key.
        return Base64.DecodeFromUtf8(text, key, out _, out var decoded) == System.Buffers.OperationStatus.Done && decoded == key.Length ? key : null;
    }

    // Names the program alone: its arguments may be secrets.
    private static InvalidDataException Refuse(IReadOnlyList<string> command, string what) => new($"The key command {command[0]} {what}.");
}
