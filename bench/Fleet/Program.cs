using Longspan.Fleet;

// Many simulated nodes in this process and one real server as another: what the control plane costs and how fast it is at size.
FleetSettings settings;
try
{
    settings = FleetSettings.Parse(args);
}
catch (FormatException e)
{
    Console.Error.WriteLine(e.Message);
    Console.Error.WriteLine(FleetSettings.Usage);
    return 2;
}
var report = new FleetReport();
using var run = new FleetRun(settings, report);
try
{
    await run.RunAsync();
}
catch (TimeoutException e)
{
    Console.Error.WriteLine(e.Message);
    Console.Error.WriteLine(run.ServerLines());
    report.Print(settings);
    return 1;
}
report.Print(settings);
return 0;
