using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Hikyaku.Platform.Testing;

/// <summary>
/// Keeps two test programs that run at the same time from giving one port to two servers, also while a server of one of them
/// is stopped. A reserved port is a locked file; the lock ends with the program.
/// </summary>
public static class ReservedPorts
{
    private static readonly ConcurrentBag<FileStream> Locks = [];
    private static readonly string Folder = Path.Combine(Path.GetTempPath(), $"hikyaku-test-ports-{Environment.UserName}");

    /// <summary>
    /// Ports that are free now and that nobody else gets while this program runs, neither from the system nor from another test
    /// program: a stopped server gets its own back.
    /// </summary>
    public static int[] Free(int count)
    {
        var listeners = new List<TcpListener>();
        try
        {
            for (var tries = 0; listeners.Count < count && tries < 1000; tries++)
            {
#pragma warning disable CA5394 // nothing secret about a port
                var listener = new TcpListener(IPAddress.Loopback, Random.Shared.Next(61000, 65000));
#pragma warning restore CA5394
                try
                {
                    listener.Start();
                    if (TryReserve(((IPEndPoint)listener.LocalEndpoint).Port)) listeners.Add(listener);
                    else listener.Dispose();
                }
                catch (SocketException)
                {
                    listener.Dispose(); // taken; another one
                }
            }

            return listeners.Count == count
                ? [.. listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port)]
                : throw new InvalidOperationException("No free ports between 61000 and 65000");
        }
        finally
        {
            listeners.ForEach(l => l.Dispose());
        }
    }

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
