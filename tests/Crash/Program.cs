using System.Globalization;
using System.Text;
using Longspan.Crash;
using Longspan.Store;
using Longspan.Support.History;

// Writes to a data folder as fast as it can until it is killed, and says on standard output what was acknowledged, one line each:
//   d WRITER NUMBER REVISION    a commit of two documents
//   r WRITER SEQUENCE           a batch of two events
//   b DIGEST                    a content
// Every writer goes on where the folder says that it stood. The last batch of events is sent again, as a node does after a cut.
// With the arguments "messages ROUND SEED" it works on a message store instead, and first reads what earlier rounds left open; see MessageLoad.
if (args is [var messages, "messages", var round, var seed])
{
    var carried = new List<HistoryEvent>();
    while (Console.In.ReadLine() is { Length: > 0 } line)
    {
        carried.Add(HistoryEvent.Decode(line));
    }
    await MessageLoad.RunAsync(
        messages, int.Parse(round, CultureInfo.InvariantCulture), int.Parse(seed, CultureInfo.InvariantCulture), carried, new Acknowledgements(Console.OpenStandardOutput()));
    return 1;
}
var folder = await StoreFolder.OpenAsync(args[0], TimeProvider.System);
var acknowledged = new Acknowledgements(Console.OpenStandardOutput());
acknowledged.Say("ready");
var writers = new List<Task>();
for (var writer = 0; writer < CrashLoad.Writers; writer++)
{
    writers.Add(CrashLoad.WriteDocumentsAsync(folder, writer, acknowledged));
    writers.Add(CrashLoad.WriteRecordsAsync(folder, writer, acknowledged));
}
writers.Add(CrashLoad.WriteBlobsAsync(folder, acknowledged));
// They end by being killed; one that fails must not look like that.
await await Task.WhenAny(writers);
return 1;

namespace Longspan.Crash
{
    /// <summary>Whole lines, unbuffered: what is not in the pipe when the process dies was not said.</summary>
    internal sealed class Acknowledgements(Stream output)
    {
        private readonly Lock gate = new();

        public void Say(string line)
        {
            var bytes = Encoding.UTF8.GetBytes(line + "\n");
            lock (gate)
            {
                output.Write(bytes);
                output.Flush();
            }
        }
    }
}
