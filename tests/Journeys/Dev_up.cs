using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Journeys;

/// <summary><c>./dev up</c>, <c>status</c> and <c>logs</c>, and what the supervisor does for a copy that runs.</summary>
public sealed class Dev_up(PlatformUnderTest platform)
{
    private static readonly string[] Programs = ["postgres", "rabbitmq", .. DeployedProgram.All.Where(p => p.Port is not null).Select(p => p.Name), "dovecot", "postfix", "rspamd"];
    private static readonly string Repository = FindRepository();

    public static TheoryData<string> EveryProgram => [.. Programs];

    [Fact]
    public async Task Up_said_again_is_quick_and_leaves_every_program_alone()
    {
        await AllReadyAsync();
        var before = await ProcessesAsync();
        var since = Stopwatch.GetTimestamp();
        var (code, output) = await DevAsync(["up"]);
        Assert.True(code == 0, output);
        Assert.InRange(Stopwatch.GetElapsedTime(since), TimeSpan.Zero, TimeSpan.FromSeconds(30));
        Assert.Contains(platform.Endpoints["gateway"]!.GetValue<string>(), output, StringComparison.Ordinal);
        Assert.Equal(before, await ProcessesAsync());
    }

    [Theory, MemberData(nameof(EveryProgram)), Trait("Rule", "REL-1")]
    public async Task A_program_that_was_killed_comes_back_by_itself_and_everything_works(string program)
    {
        await AllReadyAsync();
        var before = await platform.ProcessAsync(program);
        await platform.KillAsync(program);
        await Eventually.Async(() => platform.ProcessAsync(program), now => now != before && now != "0", TimeSpan.FromSeconds(60));
        await AllReadyAsync();

        var account = await platform.AccountAsync(await platform.DomainAsync());
        var elsewhere = $"{Guid.NewGuid():N}@outside.example";
        await Eventually.Async(() => IsTakenAsync(() => platform.SubmitAsync(account, elsewhere, "out again"), program), TimeSpan.FromSeconds(60));
        await Eventually.Async(() => platform.OutboxAsync(elsewhere), sent => sent.Count == 1, TimeSpan.FromSeconds(60));
        await Eventually.Async(() => IsTakenAsync(() => platform.DeliverAsync(account, "in again"), program), TimeSpan.FromSeconds(60));
        await platform.ArrivesAsync(account, "in again");
    }

    // What a killed Postfix leaves takes connections until it notices; who is not served comes again.
    private static async Task<bool> IsTakenAsync(Func<Task> send, string killed)
    {
        try
        {
            await send();
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false; // nobody listened, so nothing was said
        }
        catch (MailKit.Net.Smtp.SmtpCommandException e) when (killed is "postfix" or "rspamd" && (int)e.StatusCode is >= 400 and < 500)
        {
            return false; // and nothing was taken
        }
    }

    [Fact]
    public async Task Status_names_what_is_not_ready()
    {
        await AllReadyAsync();
        await platform.ControlAsync("stop", "outbox");
        try
        {
            var (code, output) = await DevAsync(["status"]);
            Assert.Equal(1, code);
            Assert.Contains("not ready: outbox", output, StringComparison.Ordinal);
        }
        finally
        {
            await platform.ControlAsync("start", "outbox");
        }

        await AllReadyAsync();
    }

    [Fact]
    public async Task Logs_shows_a_programs_log_and_names_them_all_when_asked_for_none()
    {
        var (code, output) = await DevAsync(["logs", "gateway"]);
        Assert.True(code == 0 && output.Length > 0, output);
        (code, output) = await DevAsync(["logs"]);
        Assert.Equal(1, code);
        Assert.All(Programs, p => Assert.Contains(p, output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_machine_without_apt_is_told_what_is_needed()
    {
        using var folder = new Folder();
        foreach (var program in Directory.GetFiles("/usr/bin").Where(f => Path.GetFileName(f) is not ("apt-get" or "dpkg-query")))
            File.CreateSymbolicLink(Path.Combine(folder.Path, Path.GetFileName(program)), program);
        var (code, output) = await DevAsync(["up"], ("PATH", folder.Path), ("HIKYAKU_HOME", Path.Combine(folder.Path, "home")));
        Assert.Equal(1, code);
        Assert.Contains("This needs Debian 12", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(folder.Path, "home")));
    }

    [Fact]
    public async Task A_machine_with_another_Dovecot_is_told_so_before_anything_starts()
    {
        using var folder = new Folder();
        var dovecot = Path.Combine(folder.Path, "dovecot");
        await File.WriteAllTextAsync(dovecot, "#!/bin/sh\necho '2.4.1-4 (7d8c0e5759)'\n");
#pragma warning disable CA1416 // journeys run where ./dev does
        File.SetUnixFileMode(dovecot, (UnixFileMode)0b111_101_101);
#pragma warning restore CA1416
        var home = Path.Combine(folder.Path, "home");
        var (code, output) = await DevAsync(["up"], ("PATH", $"{folder.Path}:{Environment.GetEnvironmentVariable("PATH")}"), ("HIKYAKU_HOME", home));
        Assert.Equal(1, code);
        Assert.Contains("Dovecot 2.4.1-4", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(home, "settings")));
    }

    [Fact, Trait("Rule", "GWY-2"), Trait("Rule", "SEC-4")]
    public async Task The_operators_command_line_has_a_token_that_only_its_owner_reads()
    {
        var (code, output) = await DevAsync(["hikyaku", "node", "list"]);
        Assert.True(code == 0, output);
        Assert.Contains("mail1", output, StringComparison.Ordinal);
        var file = Path.Combine(platform.Home, "secrets", "hikyaku-token");
#pragma warning disable CA1416 // journeys run where ./dev does
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
#pragma warning restore CA1416
        var token = await File.ReadAllTextAsync(file);
        (code, output) = await DevAsync(["hikyaku", "domain", "list"]);
        Assert.True(code == 0, output);
        Assert.Equal(token, await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task Copies_whose_bases_are_a_thousand_apart_share_no_port()
    {
        var (one, other) = (await PortsAsync("18000"), await PortsAsync("19000"));
        Assert.True(one.Count > 20, string.Join(' ', one));
        Assert.Equal(one.Count, one.Distinct().Count());
        Assert.Equal(one.Count, other.Count);
        Assert.Empty(one.Intersect(other));
    }

    [Fact, Trait("Rule", "SEC-4")]
    public async Task At_the_broker_only_nodes_read_what_nodes_obey_and_no_program_manages_it()
    {
        using var people = Management("management");
        var rights = (await people.GetFromJsonAsync<JsonArray>("permissions"))!.Where(r => r!["vhost"]!.GetValue<string>() == "nodes")
            .ToDictionary(r => r!["user"]!.GetValue<string>(), r => r!["read"]!.GetValue<string>());
        var services = DeployedProgram.All.Where(p => p.Broker.Contains("events")).ToList();
        Assert.Contains(services, s => s.Broker.Contains("states"));
        Assert.All(services, s => Assert.Equal(s.Broker.Contains("states") ? "^$" : null, rights.GetValueOrDefault(s.Name)));
        foreach (var program in services.Select(s => s.Name).Append("mail1"))
        {
            using var http = Management(program);
            Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync(new Uri("whoami", UriKind.Relative))).StatusCode);
        }
    }

    [Fact, Trait("Rule", "SEC-4")]
    public async Task At_the_broker_a_service_reaches_no_queue_of_another_one()
    {
        using var people = Management("management");
        var services = DeployedProgram.All.Where(p => p.Broker.Contains("events")).Select(p => p.Name).ToList();
        var rights = (await people.GetFromJsonAsync<JsonArray>("permissions"))!.Where(r => r!["vhost"]!.GetValue<string>() == "hikyaku")
            .ToDictionary(r => r!["user"]!.GetValue<string>(), r => new[] { "configure", "write", "read" }.Select(right => r![right]!.GetValue<string>()));
        foreach (var (one, other) in services.SelectMany(s => services.Select(o => (s, o))))
            Assert.All(rights[one], right => Assert.Equal(one == other, Regex.IsMatch($"{other}-queue", right) && Regex.IsMatch($"{other}-queue_error", right)));
    }

    private HttpClient Management(string user)
    {
        var login = $"{user}:{File.ReadAllText(Path.Combine(platform.Home, "secrets", $"rabbit-{user}"))}";
        var http = new HttpClient { BaseAddress = new Uri($"{platform.Endpoints["rabbitmqManagement"]}/api/") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(login)));
        return http;
    }

    private static async Task<List<string>> PortsAsync(string at)
    {
        var (code, output) = await RunAsync("bash", ["-c", $". {Repository}/deploy/local/ports.sh; for port in ${{!PORT_@}}; do echo ${{!port}}; done"], ("HIKYAKU_PORT_BASE", at));
        Assert.True(code == 0, output);
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    private static Task AllReadyAsync() => Eventually.Async(async () => (await DevAsync(["status"])).Code == 0, TimeSpan.FromSeconds(120));

    private async Task<List<string>> ProcessesAsync()
    {
        var processes = new List<string>();
        foreach (var program in Programs) processes.Add($"{program} {await platform.ProcessAsync(program)}");
        return processes;
    }

    private static Task<(int Code, string Output)> DevAsync(string[] arguments, params (string Name, string Value)[] settings)
        => RunAsync(Path.Combine(Repository, "dev"), arguments, settings);

    private static async Task<(int Code, string Output)> RunAsync(string program, string[] arguments, params (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in settings) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }

    private static string FindRepository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "platform.sln"))) folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("Not in the repository");
        return folder;
    }

    private sealed class Folder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("hikyaku-test-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
