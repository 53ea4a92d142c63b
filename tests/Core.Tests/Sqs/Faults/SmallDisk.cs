using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Longspan.Core.Tests.Sqs.Faults;

/// <summary>A test that mounts a file system of its own, which only root may.</summary>
public sealed class DiskFactAttribute : FactAttribute
{
    public DiskFactAttribute()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            Skip = "mounting a file system needs Linux and root";
        }
    }
}

public sealed class DiskTheoryAttribute : TheoryAttribute
{
    public DiskTheoryAttribute() => Skip = new DiskFactAttribute().Skip;
}

/// <summary>A file system of a few megabytes, in memory or in a file, that can be filled and emptied.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly DirectoryInfo _place = Directory.CreateTempSubdirectory("longspan-disk-");
    private readonly string? _image;
    private string? _device;

    private SmallDisk(int megabytes, bool onExt4)
    {
        Folder = Directory.CreateDirectory(Path.Combine(_place.FullName, "mounted")).FullName;
        if (!onExt4)
        {
            Run("mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={megabytes}m"), "tmpfs", Folder);
            return;
        }
        _image = Path.Combine(_place.FullName, "image");
        using (var file = File.Create(_image))
        {
            file.SetLength(megabytes * 1024L * 1024);
        }
        Run("mkfs.ext4", "-q", "-m", "0", _image);
        Mount();
    }

    public string Folder { get; }
    public string Data => Path.Combine(Folder, "data");

    public static SmallDisk InMemory(int megabytes) => new(megabytes, onExt4: false);

    public static SmallDisk Ext4(int megabytes) => new(megabytes, onExt4: true);

    /// <summary>Takes all room but the given.</summary>
    public void Fill(long leaveBytes = 0)
    {
        using var ballast = new FileStream(Path.Combine(Folder, "ballast"), FileMode.Append, FileAccess.Write, FileShare.Read, 1);
        var block = new byte[4096];
        try
        {
            while (leaveBytes == 0 || new DriveInfo(Folder).AvailableFreeSpace > leaveBytes)
            {
                ballast.Write(block);
                ballast.Flush(flushToDisk: true);
            }
        }
        catch (IOException)
        {
            // It is full.
        }
    }

    public void MakeRoom() => File.Delete(Path.Combine(Folder, "ballast"));

    /// <summary>The kernel has met an error and takes no more writes, as it does for a dying disk.</summary>
    public void FailTheKernelsWay() => File.WriteAllText($"/sys/fs/ext4/{Path.GetFileName(_device)}/trigger_fs_error", "a test");

    /// <summary>Nothing in the folder can be written, not even through handles that are open.</summary>
    public void Freeze(bool frozen) => Run("chattr", "-R", frozen ? "+i" : "-i", Data);

    /// <summary>Unmounted, checked and mounted again, as after a repair.</summary>
    public void Remount()
    {
        Run("umount", Folder);
        Process.Start("e2fsck", ["-p", _image!]).WaitForExit();
        Mount();
    }

    public void Dispose()
    {
        Run("umount", "-l", Folder);
        _place.Delete(recursive: true);
    }

    private void Mount()
    {
        Run("mount", "-o", "loop,errors=remount-ro", _image!, Folder);
        _device = File.ReadLines("/proc/mounts").Select(line => line.Split(' ')).Last(words => words[1] == Folder)[0];
    }

    private static void Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true };
        start.Environment["PATH"] = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin";
        using var process = Process.Start(start)!;
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {said}");
        }
    }
}
