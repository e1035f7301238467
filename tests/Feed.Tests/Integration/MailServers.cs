using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using Hikyaku.Platform.Testing;
using MimeKit;

namespace Hikyaku.Feed.Tests.Integration;

/// <summary>The outbox of local runs, a program of its own that takes mail and shows it. It can be stopped and started again.</summary>
internal sealed class CapturingServer : IAsyncDisposable
{
    private static int s_next = 64_000; // above the ports that servers of tests get
    private readonly int _http = Port();
    private readonly int _smtp = Port();
    private GuardedProcess? _process;

    /// <summary>The feed's settings.</summary>
    public string[] Settings => [$"--Hikyaku:Mail:Submission=smtp://127.0.0.1:{_smtp}", "--Hikyaku:Mail:From=notices@hikyaku.example"];

    public static async Task<CapturingServer> StartAsync()
    {
        var server = new CapturingServer();
        await server.StartAgainAsync();
        return server;
    }

    public async Task StartAgainAsync()
    {
        _process = new(
            Directory.CreateTempSubdirectory("hikyaku-test-outbox-").FullName, "root", "KILL", new Dictionary<string, string>(),
            ["dotnet", Path.Combine(AppContext.BaseDirectory, "Outbox.dll"), "--urls", $"http://127.0.0.1:{_http}", $"--Hikyaku:SmtpPort={_smtp}"]);
        await Eventually.Async(async () => await MessagesAsync() is not null, TimeSpan.FromSeconds(30));
    }

    public async Task StopAsync() => await _process!.DisposeAsync();

    /// <summary>The mail to a recipient.</summary>
    public async Task<List<MimeMessage>> ToAsync(string recipient)
        => [.. (await MessagesAsync() ?? []).Where(m => m.To.Contains(recipient)).Select(m => MimeMessage.Load(new MemoryStream(Encoding.Latin1.GetBytes(m.Raw))))];

    /// <summary>Waits for so much mail to a recipient.</summary>
    public Task<List<MimeMessage>> ToAsync(string recipient, int count) => Eventually.Async(() => ToAsync(recipient), m => m.Count >= count, TimeSpan.FromSeconds(30));

    public ValueTask DisposeAsync() => _process!.DisposeAsync();

    private async Task<List<Captured>?> MessagesAsync()
    {
        using var http = new HttpClient();
        try
        {
            return await http.GetFromJsonAsync<List<Captured>>($"http://127.0.0.1:{_http}/messages");
        }
        catch (HttpRequestException)
        {
            return null; // it starts
        }
    }

    internal static int Port()
    {
        int port;
        do port = Interlocked.Increment(ref s_next); while (!ReservedPorts.TryReserve(port));
        return port;
    }

    private sealed record Captured(string From, List<string> To, string Raw);
}

/// <summary>A mail server that answers to each command what a test says; null breaks the connection.</summary>
internal sealed class AnsweringServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _running;

    public AnsweringServer(Func<string, string?> answer)
    {
        _listener.Start();
        _running = RunAsync(answer);
    }

    /// <summary>All commands that came.</summary>
    public ConcurrentQueue<string> Commands { get; } = new();

    public string[] Settings
        => [string.Create(CultureInfo.InvariantCulture, $"--Hikyaku:Mail:Submission=smtp://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}"), "--Hikyaku:Mail:From=notices@hikyaku.example"];

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    private async Task RunAsync(Func<string, string?> answer)
    {
        while (true)
        {
            using var client = await _listener.AcceptTcpClientAsync(_end.Token);
            using var reader = new StreamReader(client.GetStream(), Encoding.Latin1);
            await using var writer = new StreamWriter(client.GetStream(), Encoding.Latin1) { NewLine = "\r\n", AutoFlush = true };
            try
            {
                await TalkAsync(reader, writer, answer);
            }
            catch (IOException)
            {
                // the client has left
            }
        }
    }

    private async Task TalkAsync(StreamReader reader, StreamWriter writer, Func<string, string?> answer)
    {
        await writer.WriteLineAsync("220 test");
        var inData = false;
        while (await reader.ReadLineAsync(_end.Token) is { } line)
        {
            if (inData && line != ".") continue;
            Commands.Enqueue(line);
            if (answer(line) is not { } reply) return;
            inData = line == "DATA" && reply.StartsWith('3');
            await writer.WriteLineAsync(reply);
            if (line == "QUIT") return;
        }
    }
}
