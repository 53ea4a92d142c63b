namespace Longspan.Cli.Nodes;

/// <summary>What <c>longspan node doctor --output json</c> prints.</summary>
internal sealed record NodeDoctorReport(bool Ok, IReadOnlyList<NodeDoctorCheck> Checks);

/// <param name="Status">ok, warning or failed.</param>
/// <param name="Next">What to do; absent when nothing is to be done.</param>
internal sealed record NodeDoctorCheck(string Name, string Status, string Finding, string? Next);
