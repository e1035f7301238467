using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Hikyaku.Platform.Testing;

[assembly: AssemblyFixture(typeof(Hikyaku.Journeys.PlatformUnderTest))]
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)] // journeys stop and kill what others use

namespace Hikyaku.Journeys;

/// <summary>The whole platform as <c>./dev test journeys</c> has started it, reached as its clients reach it.</summary>
public sealed class PlatformUnderTest : IAsyncLifetime
{
    public const string Password = "Hatsukoi-12ab";
    private readonly string _home;

    // While only journeys run that start a platform of their own, this one belongs to others, who may have stopped it.
    private readonly bool _isOthers;

    public PlatformUnderTest()
    {
        _home = Environment.GetEnvironmentVariable("HIKYAKU_HOME") ?? throw new InvalidOperationException("Run ./dev test journeys");
        _isOthers = Environment.GetEnvironmentVariable("HIKYAKU_JOURNEYS") == "own";
    }

    private PlatformUnderTest(string home) => _home = home;

    /// <summary>The copy's HIKYAKU_HOME.</summary>
    public string Home => _home;

    public JsonNode Endpoints { get; private set; } = null!;

    public Client Operator { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        if (_isOthers) return;
        Endpoints = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(_home, "endpoints.json")))!;
        Operator = await SignInAsync("operator", (await File.ReadAllTextAsync(Path.Combine(_home, "operator-password"))).Trim());
    }

    public ValueTask DisposeAsync()
    {
        Operator?.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Another copy that runs.</summary>
    public static async Task<PlatformUnderTest> AtAsync(string home)
    {
        var platform = new PlatformUnderTest(home);
        await platform.InitializeAsync();
        return platform;
    }

    public Client Anonymous() => new(Endpoints["gateway"]!.GetValue<string>());

    public async Task<Client> SignInAsync(string login, string password)
    {
        var client = Anonymous();
        await client.SignInAsync(login, password);
        return client;
    }

    /// <summary>Host and port of a mail server: <c>smtp</c>, <c>imap</c>, <c>imaps</c>, <c>pop3</c>, <c>pop3s</c>, <c>submission</c>, <c>submissions</c>.</summary>
    public (string Host, int Port) Server(string name)
    {
        var parts = Endpoints[name]!.GetValue<string>().Split(':');
        return (parts[0], int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>A local run has a certificate that it signed itself: this one and no other is accepted.</summary>
    public bool IsOwnCertificate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        using var own = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(_home, "secrets", "cert.pem"));
        return certificate is not null && certificate.GetCertHashString() == own.GetCertHashString();
    }

    /// <summary>Adds a domain of a name that nobody else uses.</summary>
    public async Task<string> DomainAsync(int maxAccounts = 200, int maxCapacityMb = 100_000, int defaultCapacityMb = 100)
    {
        var name = $"d{Guid.NewGuid():N}"[..16] + ".example.jp";
        var reply = await Operator.SendAsync(HttpMethod.Post, "/api/v1/domains", new { name, maxAccounts, maxCapacityMb, defaultCapacityMb });
        Assert.Equal(201, reply.Status);
        return name;
    }

    /// <summary>Opens an account and waits until it is in force.</summary>
    public async Task<string> AccountAsync(string domain, string name = "taro", int? capacityMb = null)
    {
        var reply = await Operator.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", new { name, password = Password, capacityMb });
        Assert.Equal(201, reply.Status);
        await InForceAsync($"{name}@{domain}");
        return $"{name}@{domain}";
    }

    public Task InForceAsync(string address, TimeSpan? within = null)
        => Eventually.Async(() => Operator.SendAsync(HttpMethod.Get, $"/api/v1/accounts/{address}"), r => r.Body?["inForce"]?.GetValue<bool>() == true, within ?? TimeSpan.FromSeconds(30));

    /// <summary>Waits until a job that was answered with 202 is in a state; answers the job.</summary>
    public async Task<JsonNode> JobAsync(Reply begun, string state, TimeSpan? within = null)
    {
        var reply = await Eventually.Async(
            () => Operator.GetAsync($"/api/v1/jobs/{begun.Body!["id"]!.GetValue<string>()}"), r => r.Body?["state"]?.GetValue<string>() == state, within ?? TimeSpan.FromSeconds(60));
        return reply.Body!;
    }

    /// <summary>Uploads a CSV file as an operator; answers its job.</summary>
    /// <param name="domain">Whose accounts are in it.</param>
    /// <param name="what">imports or bulk-changes.</param>
    /// <param name="text">The file.</param>
    /// <param name="encoding">UTF-8 when nothing is said.</param>
    public async Task<Reply> UploadAsync(string domain, string what, string text, System.Text.Encoding? encoding = null)
    {
        using var content = new ByteArrayContent((encoding ?? System.Text.Encoding.UTF8).GetBytes(text)) { Headers = { ContentType = new("text/csv") } };
        var reply = await Operator.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/{what}", content);
        Assert.True(reply.Status == 202, reply.Text);
        return reply;
    }

    /// <summary>What left the platform for a recipient.</summary>
    public async Task<IReadOnlyList<string>> OutboxAsync(string to) => [.. (await CapturedAsync(to)).Select(m => m["raw"]!.GetValue<string>())];

    /// <summary>The same with the sender of the envelope, <c>from</c>.</summary>
    public async Task<IReadOnlyList<JsonNode>> CapturedAsync(string to)
    {
        using var http = new HttpClient();
        var messages = await http.GetFromJsonAsync<JsonArray>($"{Endpoints["outbox"]}/messages");
        return [.. messages!.Where(m => m!["to"]!.AsArray().Any(t => t!.GetValue<string>() == to)).Select(m => m!)];
    }

    /// <summary>Stops or starts a program for good, until it is started again.</summary>
    public Task<string> ControlAsync(params string[] command) => RunAsync("supervisorctl", Control(command));

    private string[] Control(string[] command) => ["-c", Path.Combine(_home, "supervisor", "supervisord.conf"), .. command];

    /// <summary>Kills a program with SIGKILL; the supervisor brings it back.</summary>
    public Task KillAsync(string program) => ControlAsync("signal", "KILL", program);

    /// <summary>
    /// Kills a program with SIGKILL, and it stays away: it is killed while the supervisor stops it. A stop after a kill would go to the
    /// process that came back, which can miss it, and then takes half a minute.
    /// </summary>
    public async Task KillForGoodAsync(string program)
    {
        var stopped = ControlAsync("stop", program);
        do await ExecuteAsync("supervisorctl", Control(["signal", "KILL", program]));
        while (!stopped.IsCompleted);
        await stopped;
    }

    /// <summary>The id of a program's process; 0 while there is none.</summary>
    public async Task<string> ProcessAsync(string program) => (await ExecuteAsync("supervisorctl", Control(["pid", program]))).Output.Trim();

    /// <summary>Waits until a program answers that it is ready, or no longer.</summary>
    public Task ReadyAsync(string name, bool ready = true)
        => Eventually.Async(() => HealthAsync(name), h => h == ready, TimeSpan.FromSeconds(240), $"{name} is {(ready ? "" : "not ")}ready");

    /// <summary>Waits until every program of the platform is ready.</summary>
    public async Task AllReadyAsync()
    {
        foreach (var program in DeployedProgram.All.Where(p => p.Port is not null)) await ReadyAsync(program.Name);
    }

    private async Task<bool> HealthAsync(string name)
    {
        var offset = DeployedProgram.All.Single(p => p.Name == name).Port;
        var port = int.Parse(Environment.GetEnvironmentVariable("HIKYAKU_PORT_BASE")!, System.Globalization.CultureInfo.InvariantCulture) + offset;
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        try
        {
            using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/health/ready"));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false; // it does not even answer
        }
    }

    /// <summary>Runs <c>./dev</c> on this very copy; answers what it printed.</summary>
    public static Task<string> DevAsync(params string[] arguments) => RunAsync(Path.Combine(Repository(), "dev"), arguments);

    /// <summary>History, read models and mail nodes agree.</summary>
    public static Task VerifyAsync() => DevAsync("verify", "--wait", "60");

    /// <summary>The checkout that the tests were built from.</summary>
    public static string Repository() => Repository(AppContext.BaseDirectory);

    private static string Repository(string folder)
        => File.Exists(Path.Combine(folder, "platform.sln")) ? folder : Repository(Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("Not within the repository"));

    /// <summary>Runs a program to its end, which must be a good one; answers what it printed.</summary>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var (code, output, errors) = await ExecuteAsync(program, arguments);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)}: {output}{errors}");
        return output;
    }

    private static async Task<(int Code, string Output, string Errors)> ExecuteAsync(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }
}
