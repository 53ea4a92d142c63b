namespace Longspan.Services.Logs.Rules;

internal static class Retention
{
    private static readonly int[] s_days =
        [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

    public static int Require(int? days) => days is { } given && s_days.Contains(given)
        ? given
        : throw LogsFaults.Constraint("retentionInDays", days, $"Member must satisfy enum value set: [{string.Join(", ", s_days)}]");
}
