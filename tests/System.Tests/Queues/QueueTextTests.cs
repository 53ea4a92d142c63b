using Longspan.Cli.Output;
using Longspan.Cli.Queues;
using Xunit;

namespace Longspan.System.Tests.Queues;

/// <summary>What the commands make of texts that others wrote.</summary>
public sealed class QueueTextTests
{
    [Theory]
    [InlineData("plain text, mit Umlauten äöü and 😀", "plain text, mit Umlauten äöü and 😀")]
    [InlineData("a\nb\r\tc", @"a\nb\r\tc")]
    [InlineData("\u009b31m red", @"\u009b31m red")]
    [InlineData("abc\u202Edef\u2028", @"abc\u202edef\u2028")]
    [InlineData("\u001b]0;title\u0007", @"\u001b]0;title\u0007")]
    public void A_line_holds_nothing_that_a_terminal_obeys(string text, string line) => Assert.Equal(line, PrintableText.Line(text, 100));

    [Fact]
    public void A_line_is_cut_between_characters()
    {
        Assert.Equal("ab…", PrintableText.Line("abcd", 2));
        Assert.Equal("abcd", PrintableText.Line("abcd", 4));
        Assert.Equal("😀😀…", PrintableText.Line("😀😀😀", 3));
    }

    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(-3, "0 s")]
    [InlineData(61, "1 min 1 s")]
    [InlineData(3_600, "1 h")]
    [InlineData(93_700, "1 d 2 h")]
    public void An_age_has_its_two_largest_units(long seconds, string text) => Assert.Equal(text, PrintableText.Age(seconds));

    [Fact]
    public void Near_names_are_the_ones_that_may_have_been_meant()
    {
        string[] known = ["orders", "orders-dead", "invoices", "x"];
        Assert.Equal(["orders", "orders-dead"], NearNames.Of("order", known));
        Assert.Equal(["invoices"], NearNames.Of("Invoicse", known));
        Assert.Equal(["orders"], NearNames.Of("orders.fifo", known));
        Assert.Empty(NearNames.Of("payments", known));
    }
}
