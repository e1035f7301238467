using System.Net;
using System.Net.Sockets;

namespace Hikyaku.Copier.Tests.Integration;

/// <summary>Passes connections on to a server, and tells how many bytes it is about to pass on, in either direction.</summary>
internal sealed class CountingProxy(int target, Action<int> carried) : LoopbackServer
{
    protected override async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using (client)
        {
            await server.ConnectAsync(IPAddress.Loopback, target);
            await Task.WhenAny(CarryAsync(client.GetStream(), server.GetStream()), CarryAsync(server.GetStream(), client.GetStream()));
        }
    }

    private async Task CarryAsync(NetworkStream from, NetworkStream to)
    {
        var buffer = new byte[4096];
        try
        {
            for (int read; (read = await from.ReadAsync(buffer, Stop)) > 0;)
            {
                carried(read);
                await to.WriteAsync(buffer.AsMemory(0, read), Stop);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            return; // one end is gone
        }
    }
}
