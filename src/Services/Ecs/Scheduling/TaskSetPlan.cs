namespace Longspan.Services.Ecs.Scheduling;

/// <summary>How many tasks a task set is to have, and whether it has them. Which to start and stop is <see cref="DeploymentPlan"/>'s.</summary>
internal static class TaskSetPlan
{
    public const double WholeService = 100;

    /// <summary>The set's share of its service's desired count, rounded up.</summary>
    public static int ComputedDesiredCount(int desiredCount, double percent) =>
        // Decimal, because in binary 110 percent of 10 is a little more than 11.
        (int)Math.Ceiling(desiredCount * (decimal)percent / 100);

    /// <summary>All of them run and are healthy, none is on its way, and none is on an instance that is being drained.</summary>
    public static bool IsSteady(int computedDesiredCount, int healthy, int pending, int leaving) =>
        healthy == computedDesiredCount && pending == 0 && leaving == 0;
}
