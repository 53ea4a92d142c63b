using Longspan.Kernel.Access;
using Longspan.Store;
using Xunit;

namespace Longspan.Core.Tests.Access;

public sealed class SessionTokenTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private readonly SessionTokens _tokens = new(Sealer.Ephemeral());

    [Fact]
    public void AnIssuedTokenOpensUnderItsOwnKeyId()
    {
        var issued = Issue();
        var claims = _tokens.TryOpen(issued.SessionToken, issued.AccessKeyId);

        Assert.NotNull(claims);
        Assert.Equal(issued.Secret, claims.Secret);
        Assert.Equal("AROAROLE:session", claims.UniqueId);
        Assert.Equal(s_now.AddHours(1), claims.ExpiresAt);
        Assert.StartsWith("ASIA", issued.AccessKeyId);
    }

    [Fact]
    public void ATokenDoesNotOpenUnderAnotherKeyId()
    {
        var issued = Issue();
        Assert.Null(_tokens.TryOpen(issued.SessionToken, Issue().AccessKeyId));
    }

    [Fact]
    public void NoSingleChangedByteGoesUnnoticed()
    {
        var issued = Issue();
        var bytes = Convert.FromBase64String(issued.SessionToken);
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 0x40;
            Assert.Null(_tokens.TryOpen(Convert.ToBase64String(bytes), issued.AccessKeyId));
            bytes[i] ^= 0x40;
        }
        Assert.NotNull(_tokens.TryOpen(Convert.ToBase64String(bytes), issued.AccessKeyId));
    }

    [Theory]
    [InlineData("")]
    [InlineData("AQ==")]
    [InlineData("not base64 at all!")]
    public void WhatIsNoTokenDoesNotOpen(string text) => Assert.Null(_tokens.TryOpen(text, "ASIAAAAAAAAAAAAAAAAA"));

    [Fact]
    public void TruncatedAndOverlongTokensDoNotOpen()
    {
        var issued = Issue();
        Assert.Null(_tokens.TryOpen(issued.SessionToken[..^8], issued.AccessKeyId));
        Assert.Null(_tokens.TryOpen(new string('A', SessionTokens.MaximumLength + 4), issued.AccessKeyId));
    }

    [Fact]
    public void AnotherDataFolderDoesNotOpenIt()
    {
        var issued = Issue();
        Assert.Null(new SessionTokens(Sealer.Ephemeral()).TryOpen(issued.SessionToken, issued.AccessKeyId));
    }

    [Fact]
    public void ABoxOfAnotherPurposeDoesNotOpenIt()
    {
        using var sealer = Sealer.Ephemeral();
        var one = new SealedBox(sealer, "one");
        Assert.Equal([1, 2, 3], one.TryOpen(one.Seal([1, 2, 3], "a"), "a"));
        Assert.Null(new SealedBox(sealer, "two").TryOpen(one.Seal([1, 2, 3], "a"), "a"));
        Assert.Null(one.TryOpen(one.Seal([1, 2, 3], "a"), "b"));
    }

    [Fact]
    public void NothingPrintsASecret()
    {
        var issued = Issue();
        var claims = _tokens.TryOpen(issued.SessionToken, issued.AccessKeyId)!;
        Assert.DoesNotContain(issued.Secret, issued.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(issued.Secret, claims.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(issued.Secret, new KeyLookup(KeyStatus.Found, issued.Secret, null, claims).ToString(), StringComparison.Ordinal);
    }

    private TemporaryCredentials Issue() =>
        _tokens.Issue(AccessCloud.Account, "role", "AROAROLE", s_now, TimeSpan.FromHours(1), c => c with { RoleSessionName = "session" });
}
