using System.Text;
using Longspan.Store;
using Longspan.Store.Documents;
using Xunit;

namespace Longspan.Core.Tests.Store;

public sealed class SealerTests
{
    private static readonly DocumentKey Here = new("kind", "scope", "name");
    private static readonly byte[] Plain = Encoding.UTF8.GetBytes("a secret");

    [Fact]
    public void WhatWasSealedOpens()
    {
        using var sealer = Sealer.Ephemeral();
        Assert.Equal(Plain, sealer.Open(Here, sealer.Seal(Here, Plain)));
        Assert.Empty(sealer.Open(Here, sealer.Seal(Here, [])));
        Assert.NotEqual(sealer.Seal(Here, Plain), sealer.Seal(Here, Plain));
    }

    [Theory]
    [InlineData("other", "scope", "name")]
    [InlineData("kind", "other", "name")]
    [InlineData("kind", "scope", "other")]
    [InlineData("kind", "scopen", "ame")]
    public void ABodyDoesNotOpenAtAnotherAddress(string kind, string scope, string name)
    {
        using var sealer = Sealer.Ephemeral();
        var sealedBody = sealer.Seal(Here, Plain);
        Assert.Throws<SealException>(() => sealer.Open(new DocumentKey(kind, scope, name), sealedBody));
    }

    [Fact]
    public void NoAlteredByteGoesUnnoticed()
    {
        using var sealer = Sealer.Ephemeral();
        var sealedBody = sealer.Seal(Here, Plain);
        for (var i = 0; i < sealedBody.Length; i++)
        {
            var altered = sealedBody.ToArray();
            altered[i] ^= 1;
            Assert.Throws<SealException>(() => sealer.Open(Here, altered));
            Assert.Throws<SealException>(() => sealer.Open(Here, sealedBody.AsSpan(0, i).ToArray()));
        }
        Assert.Throws<SealException>(() => sealer.Open(Here, Encoding.UTF8.GetBytes("{\"Text\":\"never sealed, but long enough to be\"}")));
    }

    [Fact]
    public void AnotherKeyIsNamedAsTheCause()
    {
        using var sealer = Sealer.Ephemeral();
        using var other = Sealer.Ephemeral();
        var refusal = Assert.Throws<SealException>(() => other.Open(Here, sealer.Seal(Here, Plain)));
        Assert.Contains("another key", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("a secret", refusal.Message, StringComparison.Ordinal);
    }
}
