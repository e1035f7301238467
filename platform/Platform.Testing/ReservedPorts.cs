using System.Collections.Concurrent;
using System.Globalization;

namespace Hikyaku.Platform.Testing;

/// <summary>
/// Keeps two test programs that run at the same time from giving one port to two servers, also while a server of one of them
/// is stopped. A reserved port is a locked file; the lock ends with the program.
/// </summary>
public static class ReservedPorts
{
    private static readonly ConcurrentBag<FileStream> Locks = [];
    private static readonly string Folder = Path.Combine(Path.GetTempPath(), $"hikyaku-test-ports-{Environment.UserName}");

    /// <summary>Reserves a port for as long as this program runs; false when it is reserved already.</summary>
    public static bool TryReserve(int port)
    {
        Directory.CreateDirectory(Folder);
        try
        {
            Locks.Add(new FileStream(Path.Combine(Folder, port.ToString(CultureInfo.InvariantCulture)), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
