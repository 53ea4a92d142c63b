using System.Security.Cryptography;

namespace Longspan.Kernel;

/// <summary>
/// Random bytes for the many small needs of a busy server: nonces, message and request ids. Asking the operating system costs
/// about a microsecond however little is asked for, so each thread asks for a block and hands out every byte of it once.
/// </summary>
public static class RandomPool
{
    private const int BlockLength = 4096;

    [ThreadStatic]
    private static byte[]? s_block;

    [ThreadStatic]
    private static int s_left;

    public static void Fill(Span<byte> bytes)
    {
        if (bytes.Length > s_left)
        {
            if (bytes.Length > BlockLength / 4)
            {
                RandomNumberGenerator.Fill(bytes);
                return;
            }
            s_block ??= new byte[BlockLength];
            RandomNumberGenerator.Fill(s_block);
            s_left = BlockLength;
        }
        var given = s_block.AsSpan(s_left - bytes.Length, bytes.Length);
        given.CopyTo(bytes);
        // What was handed out must not be found here later.
        given.Clear();
        s_left -= bytes.Length;
    }
}
