using System.Net.Sockets;

namespace Hikyaku.Bench;

/// <summary>Waits for servers that were just started.</summary>
internal static class Listening
{
    /// <summary>Returns when somebody listens on a port of this machine.</summary>
    public static async Task OnAsync(int port)
    {
        for (var deadline = DateTime.UtcNow.AddSeconds(20); ; await Task.Delay(50))
        {
            try
            {
                using var client = new TcpClient("127.0.0.1", port);
                return;
            }
            catch (SocketException) when (DateTime.UtcNow < deadline)
            {
                continue;
            }
        }
    }
}
