namespace Longspan.Store;

/// <summary>Another server process holds the data folder. Two would destroy each other's state, so the second one does not start.</summary>
public sealed class DataFolderInUseException(string folder, int? processId)
    : IOException(processId is { } pid
        ? $"The data folder {folder} is in use by another server process (pid {pid}). Stop that one, or choose another folder."
        : $"The data folder {folder} is in use by another server process. Stop that one, or choose another folder.")
{
    public string Folder { get; } = folder;

    /// <summary>The other process, when it left its id.</summary>
    public int? ProcessId { get; } = processId;
}
