using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Hikyaku.Feed;
using Hikyaku.Platform.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Hikyaku.Gateway.Tests.Integration;

/// <summary>Streams that go on for long, with readers who are slow, go, or have signed out.</summary>
[Trait("Rule", "OPS-2")]
public sealed class Long_streams(Deployment deployment)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10); // a look is every two seconds

    [Fact]
    public async Task A_follower_that_does_not_read_is_dropped_while_others_get_everything()
    {
        const int batches = 16, batch = 1000; // about 38 MB, more than all buffers on the way
        var feed = await deployment.NewFeedAsync("--Hikyaku:Feed:SlowReaderSeconds=1");
        using var client = ClientOf(await GatewayAsync(feed, "--Hikyaku:ServiceTimeoutSeconds=2"));
        var token = await SignInAsync(client);
        for (var n = 0; n < batches; n++) await AppendAsync(feed, batch);

        var slow = new List<TcpClient>();
        for (var n = 0; n < 5; n++)
        {
            slow.Add(new TcpClient { ReceiveBufferSize = 4096 });
            await slow[n].ConnectAsync(client.Address.Host, client.Address.Port);
            await slow[n].GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                $"GET /api/v1/events?after=0 HTTP/1.1\r\nHost: {client.Address.Authority}\r\nAuthorization: Bearer {token}\r\n\r\n"));
        }

        await Eventually.Async(() => FollowersOf(feed) > 0, Long);
        await using var reader = await OpenAsync(client, token, "/api/v1/events?after=0");
        await reader.SkipAsync(batches * batch);

        // Had the gateway taken in what it cannot hand on, the feed would not be rid of them.
        await Eventually.Async(() => FollowersOf(feed) == 1, Long); // the reader
        foreach (var one in slow)
        {
            Assert.InRange(await BytesUntilEndAsync(one), 1, 25_000_000);
            one.Dispose();
        }

        await AppendAsync(feed, 1);
        await reader.SkipAsync(1);
    }

    [Fact]
    public async Task Who_comes_and_goes_a_thousand_times_leaves_nothing_behind()
    {
        const int lanes = 20;
        var feed = await deployment.NewFeedAsync();
        using var client = ClientOf(await GatewayAsync(feed));
        await AppendAsync(feed, 10);
        var tokens = new List<string>(); // none reaches the limit of requests
        for (var n = 0; n < lanes; n++) tokens.Add(await SignInAsync(client));
        await ComeAndGoAsync(lanes); // what is kept for good is there afterwards
        var files = OpenFiles();

        await ComeAndGoAsync(1000);

        await Eventually.Async(() => FollowersOf(feed) == 0, Long);
        await Eventually.Async(() => OpenFiles() < files + 200, Long); // other tests run beside this one
        await using var stays = await OpenAsync(client, tokens[0], "/api/v1/events?after=0");
        await stays.SkipAsync(10);
        Assert.Equal(1, FollowersOf(feed));

        Task ComeAndGoAsync(int times) => Parallel.ForEachAsync(Enumerable.Range(0, times), new ParallelOptions { MaxDegreeOfParallelism = lanes }, async (n, _) =>
        {
            await using var stream = await OpenAsync(client, tokens[n % lanes], n % 2 == 0 ? "/api/v1/events" : "/api/v1/events?after=0");
        });
    }

    [Theory, Trait("Rule", "GWY-2")]
    [InlineData("/api/v1/events")]
    [InlineData("/api/v1/jobs/accounts-1/events")]
    public async Task It_ends_with_its_session_and_no_other_does(string path)
    {
        var open = 0;
        var more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var service = await StandInService.StartAsync(async http =>
        {
            Interlocked.Increment(ref open);
            http.Response.ContentType = "text/event-stream";
            try
            {
                await http.Response.WriteAsync("data: before\n\n");
                await http.Response.Body.FlushAsync();
                await more.Task.WaitAsync(http.RequestAborted);
                await http.Response.WriteAsync("data: after\n\n");
            }
            catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
            {
                // the gateway has hung up
            }
            finally
            {
                Interlocked.Decrement(ref open);
            }
        });
        var gateway = await deployment.NewGatewayAsync(service.Address, $"--Hikyaku:Services:feed={service.Address}");
        using var client = ClientOf(gateway);
        string[] tokens = [await SignInAsync(client), await SignInAsync(client), await SignInAsync(client)];
        await using var mine = await OpenAsync(client, tokens[0], path);
        await using var second = await OpenAsync(client, tokens[1], path);
        await using var stays = await OpenAsync(client, tokens[2], path);
        Assert.Equal(3, open);

        await SignOutAsync(client, tokens[0]);
        await mine.UntilEndAsync(Soon);
        await client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Delete, "/api/v1/me/sessions", tokens[2]);
        await second.UntilEndAsync(Soon);

        await Eventually.Async(() => open == 1); // the service is rid of them, too
        more.SetResult();
        await stays.SkipAsync(1, "data: after");
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync(path, tokens[0])).Status);
    }

    [Theory, Trait("Rule", "GWY-1"), Trait("Rule", "GWY-5")]
    [InlineData("/api/v1/events")]
    [InlineData("/api/v1/jobs/accounts-1/events")]
    public async Task HEAD_answers_at_once_without_a_body_and_leaves_no_stream_behind(string path)
    {
        var (asked, open) = (0, 0);
        await using var service = await StandInService.StartAsync(async http =>
        {
            Interlocked.Increment(ref asked);
            Interlocked.Increment(ref open);
            http.Response.ContentType = "text/event-stream";
            http.Response.Headers.CacheControl = "no-store";
            var ended = new TaskCompletionSource();
            await using var gone = http.RequestAborted.Register(ended.SetResult);
            await http.Response.WriteAsync("data: first\n\n");
            await http.Response.Body.FlushAsync();
            await ended.Task;
            Interlocked.Decrement(ref open);
        });
        using var client = ClientOf(await deployment.NewGatewayAsync(service.Address, $"--Hikyaku:Services:feed={service.Address}"));
        var token = await SignInAsync(client);
        // One after the other on one connection: each has ended when the next one is answered.
        using var connection = new TcpClient();
        await connection.ConnectAsync(client.Address.Host, client.Address.Port);
        using var reader = new StreamReader(connection.GetStream(), Encoding.ASCII);
        for (var n = 1; n <= 3; n++)
        {
            await connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"HEAD {path} HTTP/1.1\r\nHost: {client.Address.Authority}\r\nAuthorization: Bearer {token}\r\n\r\n"));
            Assert.Equal("HTTP/1.1 200 OK", await reader.ReadLineAsync().WaitAsync(Soon));
            var headers = new List<string>();
            while (await reader.ReadLineAsync().WaitAsync(Soon) is { Length: > 0 } header) headers.Add(header);
            Assert.Contains("Content-Type: text/event-stream", headers);
            Assert.Contains("Cache-Control: no-store", headers);
            Assert.Equal(n, asked);
        }

        await Eventually.Async(() => open == 0, Long);
    }

    [Fact, Trait("Rule", "ACC-7"), Trait("Rule", "ROLE-2")]
    public async Task It_ends_when_its_login_gets_another_password_or_loses_its_domain()
    {
        var (first, second, boss) = (await deployment.TenantAsync(), await deployment.TenantAsync(), await deployment.OperatorAsync());
        var client = deployment.Client;
        await using var changed = await OpenAsync(client, await client.SignInAsync(first.Admin, Deployment.Password), "/api/v1/events");
        await using var dismissed = await OpenAsync(client, await client.SignInAsync(second.Admin, Deployment.Password), "/api/v1/events");

        await client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Put, $"/api/v1/domains/{first.Domain}/administrators/{first.Admin}/password", boss, new { @new = "Kaze-tachinu-34" });
        await client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Delete, $"/api/v1/domains/{second.Domain}/administrators/{second.Admin}", boss);

        await changed.UntilEndAsync(Soon);
        await dismissed.UntilEndAsync(Soon);
    }

    [Fact, Trait("Rule", "GWY-2")]
    public async Task A_session_that_ended_while_its_gateway_was_down_does_not_follow_again()
    {
        var feed = await deployment.NewFeedAsync();
        var database = $"--ConnectionStrings:Postgres={await PostgresServer.NewDatabaseAsync()}";
        var (crashing, other) = (await GatewayAsync(feed, database), await GatewayAsync(feed, database));
        using var client = ClientOf(other);
        var token = await SignInAsync(client);
        await using var elsewhere = await OpenAsync(client, token, "/api/v1/events");
        using var victim = ClientOf(crashing);
        await using var stream = await OpenAsync(victim, token, "/api/v1/events");

        await crashing.StopAsync(new CancellationToken(canceled: true));
        await stream.UntilEndAsync(Soon);
        await SignOutAsync(client, token);
        await elsewhere.UntilEndAsync(Soon);

        using var again = ClientOf(await GatewayAsync(feed, database));
        Assert.Equal(HttpStatusCode.Unauthorized, (await again.GetAsync("/api/v1/events", token)).Status);
        await Eventually.Async(() => FollowersOf(feed) == 0);
    }

    [Fact, Trait("Rule", "GWY-2"), Trait("Rule", "REL-8")]
    public async Task With_the_gateways_database_away_it_goes_on_and_is_judged_when_that_is_back()
    {
        await using var postgres = await PostgresServer.StartDedicatedAsync();
        var feed = await deployment.NewFeedAsync();
        using var client = ClientOf(await GatewayAsync(feed, $"--ConnectionStrings:Postgres={await postgres.AddDatabaseAsync()}"));
        var token = await SignInAsync(client);
        await using var stream = await OpenAsync(client, token, "/api/v1/events");

        await postgres.StopAsync();
        for (var n = 0; n < 3; n++) await stream.SignOfLifeAsync(); // each five seconds after the one before
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync("/api/v1/me", token)).Status);

        await postgres.StartAgainAsync();
        await Eventually.Async(async () => (await client.SendAsync(HttpMethod.Delete, "/api/v1/sessions/current", token)).Status == HttpStatusCode.NoContent, Long);
        await stream.UntilEndAsync(Soon);
    }

    private Task<WebApplication> GatewayAsync(WebApplication feed, params string[] settings)
        => deployment.NewGatewayAsync(deployment.AccountsAddress, [$"--Hikyaku:Services:feed={feed.Urls.First()}", .. settings]);

    private static Client ClientOf(WebApplication gateway) => new(gateway.Urls.First());

    private static int FollowersOf(WebApplication feed) => feed.Services.GetRequiredService<Followers>().Count;

    private static int OpenFiles() => Directory.GetFileSystemEntries("/proc/self/fd").Length;

    private static Task<string> SignInAsync(Client client) => client.SignInAsync("operator", Deployment.OperatorPassword);

    private static Task<Reply> SignOutAsync(Client client, string token) => client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Delete, "/api/v1/sessions/current", token);

    // Of two kilobytes each.
    private static Task AppendAsync(WebApplication feed, int count) => feed.Services.GetRequiredService<FeedLog>().AppendAsync(
        [.. Enumerable.Range(0, count).Select(_ => new NewEvent(
            Guid.NewGuid(), "accounts.domain-added", "urn:hikyaku:accounts", DateTimeOffset.UtcNow, null, null, null, null, null, $$"""{"padding":"{{new string('x', 2000)}}"}"""))],
        CancellationToken.None);

    // What is still on its way when the server hangs up may arrive.
    private static async Task<long> BytesUntilEndAsync(TcpClient slow)
    {
        var (buffer, bytes) = (new byte[1 << 16], 0L);
        try
        {
            for (int read; (read = await slow.GetStream().ReadAsync(buffer).AsTask().WaitAsync(Long)) > 0;) bytes += read;
        }
        catch (IOException)
        {
            // reset by the server
        }

        return bytes;
    }

    private static async Task<OpenStream> OpenAsync(Client client, string token, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(client.Address, path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var answer = await client.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return new(answer, new StreamReader(await answer.Content.ReadAsStreamAsync()));
    }

    private sealed record OpenStream(HttpResponseMessage Answer, StreamReader Lines) : IAsyncDisposable
    {
        /// <summary>Reads over so many events.</summary>
        public async Task SkipAsync(int events, string beginning = "data: ")
        {
            using var limit = new CancellationTokenSource(Long);
            while (events > 0)
            {
                var line = await Lines.ReadLineAsync(limit.Token);
                Assert.NotNull(line);
                if (line.StartsWith(beginning, StringComparison.Ordinal)) events--;
            }
        }

        /// <summary>Waits for the next event without data.</summary>
        public Task SignOfLifeAsync() => SkipAsync(1, "id: ");

        /// <summary>Waits for the end, in order or not.</summary>
        public async Task UntilEndAsync(TimeSpan within)
        {
            using var limit = new CancellationTokenSource(within);
            try
            {
                while (await Lines.ReadLineAsync(limit.Token) is not null) { }
            }
            catch (IOException)
            {
                // the gateway has hung up
            }
        }

        public ValueTask DisposeAsync()
        {
            Answer.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
