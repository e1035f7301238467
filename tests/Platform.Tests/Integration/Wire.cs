using System.Net;
using System.Net.Sockets;

namespace Hikyaku.Platform.Tests.Integration;

/// <summary>A network between a program and a server, on loopback, that can lose all that the server answers.</summary>
public sealed class Wire : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly int _to;
    private readonly Task _accepting;
    private volatile bool _losesAnswers;
    private long _lostBytes;

    /// <param name="to">The server's port.</param>
    public Wire(int to)
    {
        _to = to;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where the program turns to.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Whether what the server answers is lost; no connection breaks of it.</summary>
    public bool LosesAnswers
    {
        get => _losesAnswers;
        set => _losesAnswers = value;
    }

    /// <summary>How much was lost.</summary>
    public long LostBytes => Interlocked.Read(ref _lostBytes);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _accepting;
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true) open.Add(CarryAsync(await _listener.AcceptTcpClientAsync(_end.Token)));
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        using var program = client;
        using var server = new TcpClient { NoDelay = true };
        program.NoDelay = true;
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _to, _end.Token);
            using var over = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
            var ways = new[] { CopyAsync(program, server, isAnswer: false, over.Token), CopyAsync(server, program, isAnswer: true, over.Token) };
            await Task.WhenAny(ways);
            await over.CancelAsync();
            await Task.WhenAll(ways);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // one of the two has hung up, or the test is over
        }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to, bool isAnswer, CancellationToken stop)
    {
        var buffer = new byte[1 << 14];
        for (int read; (read = await from.GetStream().ReadAsync(buffer, stop)) > 0;)
        {
            if (isAnswer && _losesAnswers) Interlocked.Add(ref _lostBytes, read);
            else await to.GetStream().WriteAsync(buffer.AsMemory(0, read), stop);
        }
    }
}
