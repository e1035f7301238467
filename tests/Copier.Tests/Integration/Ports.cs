using System.Net;
using System.Net.Sockets;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Copier.Tests.Integration;

/// <summary>Ports for servers that cannot choose their own.</summary>
internal static class Ports
{
    public static int[] Free(int count)
    {
        var found = new List<int>();
        for (var port = 60_000; found.Count < count && port > 40_000; port--)
        {
            if (IsFree(port) && ReservedPorts.TryReserve(port)) found.Add(port);
        }

        return [.. found];
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
