using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Hikyaku.Copier.Tests.Integration;

namespace Hikyaku.Bench.Copying;

/// <summary>
/// Makes a server as far away as a round trip takes: what comes is passed on half a round trip later, in both directions. It does not limit
/// the bandwidth, and it has neither loss nor a slow start.
/// </summary>
internal sealed class DelayingProxy(int target, TimeSpan roundTrip) : LoopbackServer
{
    private const int MaxUnderWay = 4096; // pieces, so that a side that does not read stops the other

    protected override async Task ServeAsync(TcpClient client)
    {
        client.NoDelay = true;
        using var server = new TcpClient { NoDelay = true };
        using (client)
        {
            try
            {
                await Task.Delay(roundTrip, Stop); // connecting takes one
                await server.ConnectAsync(IPAddress.Loopback, target, Stop);
                await Task.WhenAny(CarryAsync(client.GetStream(), server.GetStream()), CarryAsync(server.GetStream(), client.GetStream()));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                return; // the server or the benchmark has ended
            }
        }
    }

    private async Task CarryAsync(NetworkStream from, NetworkStream to)
    {
        var underWay = Channel.CreateBounded<(long Due, byte[] Bytes)>(MaxUnderWay);
        var passing = PassAsync(underWay.Reader, to);
        var buffer = new byte[64 * 1024];
        try
        {
            for (int read; (read = await from.ReadAsync(buffer, Stop)) > 0;)
                await underWay.Writer.WriteAsync((Stopwatch.GetTimestamp() + (long)(roundTrip.TotalSeconds / 2 * Stopwatch.Frequency), buffer[..read]), Stop);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            return; // one end is gone
        }
        finally
        {
            underWay.Writer.TryComplete();
            await passing;
        }
    }

    private async Task PassAsync(ChannelReader<(long Due, byte[] Bytes)> underWay, NetworkStream to)
    {
        try
        {
            await foreach (var (due, bytes) in underWay.ReadAllAsync(Stop))
            {
                var left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
                if (left > TimeSpan.FromMilliseconds(0.5)) await Task.Delay(left, Stop);
                await to.WriteAsync(bytes, Stop);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            return; // one end is gone
        }
    }
}
