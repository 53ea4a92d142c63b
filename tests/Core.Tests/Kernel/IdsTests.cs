using Longspan.Kernel;
using Xunit;

namespace Longspan.Core.Tests.Kernel;

public sealed class IdsTests
{
    [Theory]
    [InlineData(0, "0000")]
    [InlineData(0x6565_00A7, "00a7")]
    [InlineData(0x6565_FFFF, "ffff")]
    public void NeighboursShareTheirSecondAndNothingElse(long second, string expected)
    {
        var ids = Enumerable.Range(0, 200).Select(i => Ids.NeighbourHex(DateTimeOffset.FromUnixTimeSeconds(second).AddMilliseconds(i * 4))).ToList();
        Assert.All(ids, id =>
        {
            Assert.Equal(expected, id[..4]);
            Assert.Matches("^[0-9a-f]{32}$", id);
        });
        Assert.Equal(200, ids.Select(id => id[4..]).Distinct().Count());
    }
}
