using System.Globalization;
using Longspan.Api.SecretsManager;
using Longspan.Services.SecretsManager.Documents;
using Longspan.Services.SecretsManager.Rules;
using Xunit;

namespace Longspan.Core.Tests.SecretsManager;

public sealed class ScheduleTests
{
    // 2026-11-23 is a Monday.
    private static readonly DateTimeOffset s_now = new(2026, 11, 23, 12, 34, 56, TimeSpan.Zero);

    [Theory]
    [InlineData("rate(10 days)", "2026-12-03 00:00", "2026-12-03 23:59:59")]
    [InlineData("rate(1 day)", "2026-11-24 00:00", "2026-11-24 23:59:59")]
    [InlineData("rate(4 hours)", "2026-11-23 16:00", "2026-11-23 16:59:59")]
    [InlineData("cron(0 16 1,15 * ? *)", "2026-12-01 16:00", "2026-12-01 23:59:59")]
    [InlineData("cron(0 8 * * ? *)", "2026-11-24 08:00", "2026-11-24 23:59:59")]
    [InlineData("cron(0 13 * * ? *)", "2026-11-23 13:00", "2026-11-23 23:59:59")]
    [InlineData("cron(0 0/12 * * ? *)", "2026-11-24 00:00", "2026-11-24 00:59:59")]
    [InlineData("cron(0 10 ? * SUN *)", "2026-11-29 10:00", "2026-11-29 23:59:59")]
    [InlineData("cron(0 10 ? * 2#1 *)", "2026-12-07 10:00", "2026-12-07 23:59:59")]
    [InlineData("cron(0 10 ? * 6L *)", "2026-11-27 10:00", "2026-11-27 23:59:59")]
    [InlineData("cron(0 23 L * ? *)", "2026-11-30 23:00", "2026-11-30 23:59:59")]
    [InlineData("cron(0 10 1W * ? *)", "2026-12-01 10:00", "2026-12-01 23:59:59")]
    [InlineData("cron(0 10 28W * ? *)", "2026-11-27 10:00", "2026-11-27 23:59:59")]
    [InlineData("cron(0 10 ? JAN-MAR/2 MON-FRI *)", "2027-01-01 10:00", "2027-01-01 23:59:59")]
    [InlineData("cron(0 10 29 2 ? *)", "2028-02-29 10:00", "2028-02-29 23:59:59")]
    public void WindowsOpenAndClose(string expression, string opening, string last)
    {
        var rotation = RotationSchedule.With(New(), new RotationRulesType { ScheduleExpression = expression });
        var next = RotationSchedule.NextOpening(rotation, s_now)!.Value;
        Assert.Equal(opening, next.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture));
        Assert.Equal(last, RotationSchedule.LastSecond(rotation, next).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("rate(3 hours)")]
    [InlineData("rate(0 days)")]
    [InlineData("rate(1000 days)")]
    [InlineData("rate(2 weeks)")]
    [InlineData("rate(2days)")]
    [InlineData("cron(0 8 * * * *)")]
    [InlineData("cron(0 8 ? * ? *)")]
    [InlineData("cron(5 8 * * ? *)")]
    [InlineData("cron(0 24 * * ? *)")]
    [InlineData("cron(0 8 32 * ? *)")]
    [InlineData("cron(0 8 30 2 ? *)")]
    [InlineData("cron(0 8 * * ? 2030)")]
    [InlineData("cron(0 8 5-2 * ? *)")]
    [InlineData("cron(0 8 ? * MON#6 *)")]
    [InlineData("cron(0 0/0 * * ? *)")]
    [InlineData("cron(0 8 * * ?)")]
    [InlineData("daily")]
    [InlineData("")]
    public void WhatMakesNoScheduleIsRefused(string expression) =>
        Assert.Throws<InvalidParameterException>(() => RotationSchedule.With(New(), new RotationRulesType { ScheduleExpression = expression }));

    [Theory]
    [InlineData("rate(4 hours)", "4h", true)]
    [InlineData("rate(4 hours)", "5h", false)]
    [InlineData("rate(1 day)", "24h", true)]
    [InlineData("cron(0 20 * * ? *)", "4h", true)]
    [InlineData("cron(0 20 * * ? *)", "5h", false)]
    [InlineData("cron(0 0/6 * * ? *)", "6h", true)]
    [InlineData("cron(0 0/6 * * ? *)", "7h", false)]
    [InlineData("rate(1 day)", "3", false)]
    [InlineData("rate(1 day)", "0h", false)]
    public void AWindowFitsBetweenOpenings(string expression, string duration, bool fits)
    {
        var rules = new RotationRulesType { ScheduleExpression = expression, Duration = duration };
        if (fits)
        {
            var rotation = RotationSchedule.With(New(), rules);
            var hours = int.Parse(duration[..^1], CultureInfo.InvariantCulture);
            Assert.Equal(s_now.AddHours(hours).AddSeconds(-1), RotationSchedule.LastSecond(rotation, s_now));
        }
        else
        {
            Assert.Throws<InvalidParameterException>(() => RotationSchedule.With(New(), rules));
        }
    }

    [Fact]
    public void DaysAndExpressionsExcludeEachOther()
    {
        Assert.Throws<InvalidParameterException>(
            () => RotationSchedule.With(New(), new RotationRulesType { ScheduleExpression = "rate(1 day)", AutomaticallyAfterDays = 1 }));
        Assert.Throws<InvalidParameterException>(() => RotationSchedule.With(New(), new RotationRulesType { AutomaticallyAfterDays = 1001 }));
        Assert.Throws<InvalidParameterException>(() => RotationSchedule.With(New(), new RotationRulesType { Duration = "3h" }));
        Assert.Null(RotationSchedule.NextOpening(New(), s_now));
    }

    [Fact]
    public void PausesGrowUntilARotationIsGivenUp()
    {
        var rotation = new RotationDocument("suffix", "token") { Step = RotationSteps.Create };
        List<double> pauses = [];
        HashSet<string> tokens = [];
        while (!rotation.GaveUp)
        {
            Assert.True(tokens.Add(RotationSteps.RunToken(rotation)));
            rotation = RotationSteps.Failed(rotation with { TaskArn = "task" }, new string('x', 500), s_now);
            Assert.Null(rotation.TaskArn);
            pauses.Add((rotation.RetryAt!.Value - s_now).TotalSeconds);
        }
        Assert.Equal([10, 20, 40, 80, 160, 320, 640, 900], pauses);
        Assert.True(rotation.LastFailure!.Length <= 256);
        Assert.Equal((0, false), (RotationSteps.Again(rotation).Failures, RotationSteps.Again(rotation).GaveUp));
    }

    private static SecretRotation New() => new("arn:aws:ecs:lab-1:123456789012:task-definition/rotate") { IsEnabled = true };
}
