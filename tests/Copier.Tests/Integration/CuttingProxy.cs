using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hikyaku.Copier.Tests.Integration;

/// <summary>Passes connections on to a server, and cuts each that has carried so many bytes in one direction, until it is told not to.</summary>
internal sealed class CuttingProxy(int target) : LoopbackServer
{
    /// <summary>How many bytes a connection may carry from the server.</summary>
    public long FromServer { get; set; } = long.MaxValue;

    /// <summary>How many bytes a connection may carry to the server.</summary>
    public long ToServer { get; set; } = long.MaxValue;

    /// <summary>A connection is cut when the server sends this, which the client does not get.</summary>
    public string? AtAnswer { get; set; }

    /// <summary>A connection is cut when the client sends this, which the server does not get.</summary>
    public string? AtCommand { get; set; }

    /// <summary>How many connections are cut; then they stay whole.</summary>
    public int Cuts { get; set; } = int.MaxValue;

    /// <summary>How many were cut.</summary>
    public int Done { get; private set; }

    protected override async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using (client)
        {
            await server.ConnectAsync(IPAddress.Loopback, target);
            var (to, from) = (CarryAsync(client.GetStream(), server.GetStream(), ToServer, AtCommand), CarryAsync(server.GetStream(), client.GetStream(), FromServer, AtAnswer));
            await Task.WhenAny(to, from);
            client.Close();
        }

        server.Close();
    }

    // Ends when either end has closed, or when so many bytes were carried.
    private async Task CarryAsync(NetworkStream from, NetworkStream to, long most, string? until)
    {
        var buffer = new byte[4096];
        try
        {
            for (int read; (read = await from.ReadAsync(buffer, Stop)) > 0;)
            {
                most -= read;
                if (Done < Cuts && (most < 0 || (until is not null && Encoding.ASCII.GetString(buffer, 0, read).Contains(until, StringComparison.Ordinal))))
                {
                    Done++;
                    return;
                }

                await to.WriteAsync(buffer.AsMemory(0, read), Stop);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            return; // one end is gone
        }
    }
}
