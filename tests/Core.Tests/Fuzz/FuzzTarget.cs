namespace Longspan.Core.Tests.Fuzz;

/// <summary>A parser that reads bytes from strangers.</summary>
/// <param name="Accepts">
/// Whether the parser took the bytes. Refusals that its callers expect are false; every other exception is a defect, and goes through.
/// </param>
/// <param name="Samples">What it takes: where the search begins.</param>
/// <param name="Words">What means something to it; inserted now and then, since chance alone seldom spells a word.</param>
internal sealed record FuzzTarget(string Name, Func<byte[], bool> Accepts, byte[][] Samples, string[] Words);
