using Longspan.Api.Logs;
using Longspan.Services.Logs.Rules.Patterns;
using Xunit;

namespace Longspan.Core.Tests.Logs;

public sealed class FilterPatternTests
{
    private const string Order =
        """{"level":"error","status":503,"latency":1.5,"user":{"name":"anna","id":"7"},"ip":"123.123.4.5","tags":["new","vip"],"items":[{"sku":"a"},{"sku":"b"}],"ok":false,"done":true,"note":null,"odd.name":"x"}""";

    [Theory]
    [InlineData("", "anything", true)]
    [InlineData("   ", "anything", true)]
    [InlineData("ERROR", "[ERROR 401] UNAUTHORIZED", true)]
    [InlineData("ERROR", "[error 401]", false)]
    [InlineData("ERROR 401", "401 is an ERROR", true)]
    [InlineData("ERROR 401", "ERROR 400", false)]
    [InlineData("\"ERROR 401\"", "an ERROR 401 here", true)]
    [InlineData("\"ERROR 401\"", "401 ERROR", false)]
    [InlineData("\"say \\\"hi\\\"\"", "they say \"hi\" loudly", true)]
    [InlineData("?ERROR ?WARN", "WARN: slow", true)]
    [InlineData("?ERROR ?WARN", "INFO: fine", false)]
    [InlineData("ERROR -Exiting", "ERROR: bad", true)]
    [InlineData("ERROR -Exiting", "ERROR: Exiting", false)]
    [InlineData("-\"health check\"", "a health check", false)]
    [InlineData("-\"health check\"", "a check of health", true)]
    [InlineData("?ERROR ?WARN -quiet", "WARN quiet", false)]
    [InlineData("%ERROR [45]\\d\\d%", "ERROR 503", true)]
    [InlineData("%ERROR [45]\\d\\d%", "ERROR 203", false)]
    [InlineData("%^WARN|^ERROR%", "an ERROR", false)]
    public void Terms(string pattern, string message, bool matches) => Assert.Equal(matches, FilterPattern.Parse(pattern).Matches(message));

    [Theory]
    [InlineData("{ $.level = \"error\" }", true)]
    [InlineData("{$.level=\"error\"}", true)]
    [InlineData("{ $.level = error }", true)]
    [InlineData("{ $.level = \"warn\" }", false)]
    [InlineData("{ $.level = \"err*\" }", true)]
    [InlineData("{ $.level = \"rror\" }", false)]
    [InlineData("{ $.level != \"warn\" }", true)]
    [InlineData("{ $.level != \"error\" }", false)]
    [InlineData("{ $.missing != \"x\" }", false)]
    [InlineData("{ $.ip = 123.123.* }", true)]
    [InlineData("{ $.ip != 123.123.* }", false)]
    [InlineData("{ $.status = 503 }", true)]
    [InlineData("{ $.status = 503.0 }", true)]
    [InlineData("{ $.status != 503 }", false)]
    [InlineData("{ $.status = 5* }", true)]
    [InlineData("{ $.status = \"503\" }", true)]
    [InlineData("{ $.status > 500 }", true)]
    [InlineData("{ $.status >= 503 }", true)]
    [InlineData("{ $.status < 503 }", false)]
    [InlineData("{ $.status <= 5.03e2 }", true)]
    [InlineData("{ $.latency > 1 }", true)]
    [InlineData("{ $.level > 1 }", false)]
    [InlineData("{ $.user.name = \"anna\" }", true)]
    [InlineData("{ $.user = \"anna\" }", false)]
    [InlineData("{ $.tags[1] = \"vip\" }", true)]
    [InlineData("{ $.tags[9] = \"vip\" }", false)]
    [InlineData("{ $.tags[*] = \"vip\" }", true)]
    [InlineData("{ $.items[*].sku = \"b\" }", true)]
    [InlineData("{ $.items[0].sku = \"b\" }", false)]
    [InlineData("{ $.['odd.name'] = \"x\" }", true)]
    [InlineData("{ $.ok IS FALSE }", true)]
    [InlineData("{ $.done IS TRUE }", true)]
    [InlineData("{ $.ok IS TRUE }", false)]
    [InlineData("{ $.note IS NULL }", true)]
    [InlineData("{ $.level IS NULL }", false)]
    [InlineData("{ $.missing NOT EXISTS }", true)]
    [InlineData("{ $.note NOT EXISTS }", false)]
    [InlineData("{ $.level = %^err% }", true)]
    [InlineData("{ $.level = \"error\" && $.status = 503 }", true)]
    [InlineData("{ $.level = \"error\" && $.status = 200 }", false)]
    [InlineData("{ $.level = \"warn\" || $.status = 503 }", true)]
    [InlineData("{ $.level = \"error\" || $.level = \"warn\" && $.status = 200 }", true)]
    [InlineData("{ ($.level = \"error\" || $.level = \"warn\") && $.status = 200 }", false)]
    public void Json(string pattern, bool matches) => Assert.Equal(matches, FilterPattern.Parse(pattern).Matches(Order));

    [Theory]
    [InlineData("plain text")]
    [InlineData("{\"level\":")]
    [InlineData("\"level\"")]
    [InlineData("")]
    public void Events_that_are_not_json_match_no_json_pattern(string message)
    {
        Assert.False(FilterPattern.Parse("{ $.level = \"error\" }").Matches(message));
        Assert.False(FilterPattern.Parse("{ $.level NOT EXISTS }").Matches(message));
    }

    [Theory]
    [InlineData("[ip, user, time, request, status, bytes]", true)]
    [InlineData("[ip, user, time, request, status]", false)]
    [InlineData("[..., status=4*, bytes]", true)]
    [InlineData("[ip, ..., status=200, bytes]", false)]
    [InlineData("[ip=127.0.*, ..., bytes > 1000]", true)]
    [InlineData("[..., request = \"GET*\", status, bytes]", true)]
    [InlineData("[..., status = 404 || status = 410, bytes]", true)]
    [InlineData("[..., status = 4* && status != 404, bytes]", false)]
    public void Fields(string pattern, bool matches) => Assert.Equal(
        matches, FilterPattern.Parse(pattern).Matches("127.0.0.1 frank [10/Oct/2030 13:25:15] \"GET /index.html HTTP/1.0\" 404 1534"));

    [Theory]
    [InlineData("{ }")]
    [InlineData("{ $.a }")]
    [InlineData("{ $.a = }")]
    [InlineData("{ $.a = \"x }")]
    [InlineData("{ $.a = 1")]
    [InlineData("{ $.a = 1 } x")]
    [InlineData("{ $.a > \"x\" }")]
    [InlineData("{ a = 1 }")]
    [InlineData("{ $.a[x] = 1 }")]
    [InlineData("{ ($.a = 1 }")]
    [InlineData("{ $.a = 1 && }")]
    [InlineData("{ $.a IS 1 }")]
    [InlineData("{ $. = 1 }")]
    [InlineData("\"open")]
    [InlineData("%open")]
    [InlineData("%%")]
    [InlineData("%(a|b)%")]
    [InlineData("%[a%")]
    [InlineData("%a% %b% %c%")]
    [InlineData("?")]
    [InlineData("[a, ")]
    [InlineData("[..., a, ...]")]
    [InlineData("[]")]
    public void Broken_patterns_are_refused(string pattern) => Assert.Throws<InvalidParameterException>(() => FilterPattern.Parse(pattern));

    [Fact]
    public void A_pattern_is_bounded_in_length_and_depth()
    {
        Assert.Throws<InvalidParameterException>(() => FilterPattern.Parse(new string('a', FilterPattern.MaximumLength + 1)));
        Assert.Throws<InvalidParameterException>(() => FilterPattern.Parse("{ " + new string('(', 400) + "$.a = 1" + new string(')', 400) + " }"));
    }
}
