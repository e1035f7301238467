using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Hikyaku.Platform;
using MailKit.Net.Imap;
using MailKit.Security;
using Microsoft.Extensions.Configuration;

namespace Hikyaku.Bench;

/// <summary>The copy of the platform that <c>./dev up</c> runs in <c>HIKYAKU_HOME</c>.</summary>
internal sealed class RunningPlatform
{
    public const string Password = "Hatsukoi-12ab";
    public const string OtherPassword = "Betsu-no-98yz";
    private readonly string _home;

    public RunningPlatform(string? home = null)
    {
        _home = home ?? Environment.GetEnvironmentVariable("HIKYAKU_HOME") ?? Path.Combine(Report.Repository, ".local");
        var endpoints = Path.Combine(_home, "endpoints.json");
        if (!File.Exists(endpoints)) throw new InvalidOperationException("Run ./dev up first");
        Endpoints = JsonNode.Parse(File.ReadAllText(endpoints))!;
        Gateway = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 256 }) { BaseAddress = new Uri(Endpoints["gateway"]!.GetValue<string>()) };
        PortBase = Gateway.BaseAddress.Port;
    }

    /// <summary>The copy's folder.</summary>
    public string Home => _home;

    public JsonNode Endpoints { get; }

    public HttpClient Gateway { get; }

    public int PortBase { get; }

    public (string Host, int Port) Server(string name)
    {
        var parts = Endpoints[name]!.GetValue<string>().Split(':');
        return (parts[0], int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>Where a server listens; LMTP is not for people and has no endpoint.</summary>
    public int PortOf(string protocol) => protocol == "lmtp" ? PortBase + 24 : Server(protocol).Port;

    public string Secret(string name) => File.ReadAllText(Path.Combine(_home, "secrets", name)).Trim();

    public string Postgres => $"Host=127.0.0.1;Port={PortBase + 5};Database=accounts;Username=accounts;Password={Secret("postgres-accounts")};Maximum Pool Size=40";

    public async Task<string> TokenAsync()
    {
        var password = (await File.ReadAllTextAsync(Path.Combine(_home, "operator-password"))).Trim();
        using var answer = await Gateway.PostAsJsonAsync("/api/v1/sessions", new { login = "operator", password });
        answer.EnsureSuccessStatusCode();
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["token"]!.GetValue<string>();
    }

    public async Task<JsonNode?> SendAsync(HttpMethod method, string path, object? body = null)
    {
        Gateway.DefaultRequestHeaders.Authorization ??= new AuthenticationHeaderValue("Bearer", await TokenAsync());
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = JsonContent.Create(body);
        using var answer = await Gateway.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        var text = await answer.Content.ReadAsStringAsync();
        return text.Length == 0 ? null : JsonNode.Parse(text);
    }

    public async Task<string> DomainAsync()
    {
        var name = $"b{Guid.NewGuid():N}"[..16] + ".example.jp";
        await SendAsync(HttpMethod.Post, "/api/v1/domains", new { name, maxAccounts = 10_000, maxCapacityMb = 10_000_000, defaultCapacityMb = 100 });
        // Benchmarks send more than people do.
        const int much = 10_000_000;
        var values = new { recipientsPerHour = much, recipientsPerDay = much, firstTimePerDay = much, domainRecipientsPerDay = much, compromiseSum = 1000 };
        for (var tries = 0; ; tries++)
        {
            try
            {
                await SendAsync(HttpMethod.Put, $"/api/v1/domains/{name}/restriction-policy", new { values, reason = "a benchmark" });
                return name;
            }
            catch (HttpRequestException e) when (e.StatusCode == System.Net.HttpStatusCode.NotFound && tries < 100)
            {
                await Task.Delay(200); // the service has not heard of the domain yet
            }
        }
    }

    public async Task<string> AccountAsync(string domain, string name)
    {
        await SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", new { name, password = Password });
        await InForceAsync($"{name}@{domain}");
        return $"{name}@{domain}";
    }

    public async Task InForceAsync(string address, TimeSpan? within = null, TimeSpan pause = default)
    {
        for (var deadline = DateTime.UtcNow + (within ?? TimeSpan.FromMinutes(1)); DateTime.UtcNow < deadline;)
        {
            if ((await SendAsync(HttpMethod.Get, $"/api/v1/accounts/{address}"))!["inForce"]!.GetValue<bool>()) return;
            await Task.Delay(pause);
        }

        throw new TimeoutException($"{address} is not in force");
    }

    /// <summary>A local run has a certificate that it signed itself: this one and no other is accepted.</summary>
    public bool IsOwnCertificate(object sender, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors)
    {
        using var own = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(_home, "secrets", "cert.pem"));
        return shown is not null && shown.GetCertHashString() == own.GetCertHashString();
    }

    /// <summary>Somebody who has logged in.</summary>
    public async Task<ImapClient> ImapAsync(string account, string password)
    {
        var imap = new ImapClient { Timeout = 15_000 };
        try
        {
            var (host, port) = Server("imap");
            await imap.ConnectAsync(host, port, SecureSocketOptions.None);
            await imap.AuthenticateAsync(account, password);
            return imap;
        }
        catch
        {
            imap.Dispose();
            throw;
        }
    }

    /// <summary>Signs internal tokens as the gateway does.</summary>
    public InternalTokenIssuer Issuer()
        => new(new ConfigurationBuilder().AddInMemoryCollection([new("Hikyaku:TokenPrivateKey", Path.Combine(_home, "secrets", "token.key"))]).Build(), TimeProvider.System);
}
