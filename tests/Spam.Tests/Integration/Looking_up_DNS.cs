using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Contracts;
using Hikyaku.Platform.Testing;
using MassTransit;
using static Hikyaku.Platform.Testing.ServiceUnderTest;

namespace Hikyaku.Spam.Tests.Integration;

/// <summary>The spam service with a resolver, which it asks every second.</summary>
public sealed class SpamServiceWithDns : SpamService
{
    public NameServer Dns { get; } = new();

    protected override IReadOnlyList<string> Settings => SettingsWith(Dns.Port);

    public static IReadOnlyList<string> SettingsWith(int resolver, params string[] more) =>
    [
        string.Create(CultureInfo.InvariantCulture, $"--Hikyaku:Spam:Resolver=127.0.0.1:{resolver}"), "--Hikyaku:Spam:CheckInterval=00:00:01", "--Hikyaku:Spam:ResolverTimeout=00:00:01", .. more,
    ];

    public override async ValueTask InitializeAsync()
    {
        await Dns.StartAsync();
        await base.InitializeAsync();
        await RenewLeaseAsync(long.MaxValue);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Dns.DisposeAsync();
    }
}

/// <summary>A domain's standing, by real look-ups. Nobody asks for them but where a test does: the service repeats them by itself.</summary>
[Trait("Rule", "SPM-5")]
public sealed class Looking_up_DNS(SpamServiceWithDns service) : IClassFixture<SpamServiceWithDns>
{
    private readonly string _domain = NewDomain();

    [Fact]
    public async Task A_domain_whose_DNS_and_mail_server_are_ours_is_in_force()
    {
        await service.Dns.ServeOursAsync(_domain);
        await service.AddDomainAsync(_domain);
        var dns = await UntilAsync(inForce: true);
        Assert.Equal((true, true, false), ((bool)dns["mx"]!["ok"]!, (bool)dns["ns"]!["ok"]!, (bool)dns["standing"]!["assumed"]!));
        Assert.Equal(["10 mx1.hikyaku.test.", "20 mx2.hikyaku.test."], Found(dns, "mx"));
        Assert.Equal(["ns1.hikyaku.test.", "ns2.hikyaku.test."], Found(dns, "ns"));
        Assert.True(DateTimeOffset.UtcNow - (DateTimeOffset)dns["checkedAt"]! < TimeSpan.FromMinutes(1));
        var account = NewAccount(_domain);
        Assert.True((bool)(await service.GetAsync(account, "spam")).Body!["inForce"]!);
    }

    [Fact, Trait("Rule", "NTC-1"), Trait("Rule", "OPS-2")]
    public async Task A_standing_that_is_lost_is_told_to_administrators_and_comes_back_by_itself()
    {
        var notices = new ConcurrentQueue<NoticeRaised>();
        var bus = await Listener.StartAsync(service.VirtualHost, e => e.Handler<NoticeRaised>(c =>
        {
            if (c.Message.Domain == _domain) notices.Enqueue(c.Message);
            return Task.CompletedTask;
        }));
        await OursAsync();
        await service.SetAsync(NewAccount(_domain), true, true);
        await service.Dns.ServeAsync(_domain, "@ NS ns1.hikyaku.test.", "@ MX 10 mail.other.test.");
        var lost = await UntilAsync(inForce: false);
        Assert.Equal((false, true, "mail.other.test"), ((bool)lost["mx"]!["ok"]!, (bool)lost["ns"]!["ok"]!, (string)lost["standing"]!["missing"]![0]!["hosts"]![0]!));
        await service.Dns.ServeOursAsync(_domain);
        await UntilAsync(inForce: true);
        var notice = await Eventually.Async(() => notices.FirstOrDefault(), n => n is not null);
        Assert.Equal(("domain-standing-lost", true, _domain, (string?)null), (notice!.Kind, notice.Audience.Administrators, notice.Domain, notice.AccountId));
        Assert.Contains(_domain, notice.Texts["ja"], StringComparison.Ordinal);
        await service.Dns.ServeAsync(_domain, "@ NS ns.other.test.", "@ MX 10 mx1.hikyaku.test.");
        Assert.Equal("ns-foreign", (string)(await UntilAsync(inForce: false))["standing"]!["missing"]![0]!["code"]!);
        await Eventually.Async(() => notices.Count == 2);
        await bus.StopAsync();
    }

    [Fact]
    public async Task A_resolver_that_fails_or_is_away_takes_nothing_away()
    {
        await OursAsync();
        await service.Dns.FailAsync(_domain);
        var dns = await UntilAsync(d => (string?)d["lastTry"]?["code"] == "server-failure");
        Assert.True((bool)dns["inForce"]!);
        await service.Dns.StopAsync();
        dns = await UntilAsync(d => (string?)d["lastTry"]?["code"] == "no-answer");
        Assert.True((bool)dns["inForce"]!);
        Assert.True((DateTimeOffset)dns["checkedAt"]! < (DateTimeOffset)dns["lastTry"]!["at"]!);
        Assert.Equal(["10 mx1.hikyaku.test.", "20 mx2.hikyaku.test."], Found(dns, "mx"));
        await service.Dns.ServeOursAsync(_domain);
        Assert.Null((await UntilAsync(d => d["lastTry"] is null))["lastTry"]);
    }

    [Fact]
    public async Task A_silent_resolver_takes_nothing_away_and_settings_count_after_a_start()
    {
        await OursAsync();
        using (var silent = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0)))
        {
            await service.RestartAsync([.. SpamServiceWithDns.SettingsWith(((IPEndPoint)silent.Client.LocalEndPoint!).Port, "--Hikyaku:Spam:ResolverTimeout=00:00:00.2")]);
            Assert.True((bool)(await UntilAsync(d => (string?)d["lastTry"]?["code"] == "no-answer"))["inForce"]!);
        }

        await service.RestartAsync([.. SpamServiceWithDns.SettingsWith(service.Dns.Port, "--Hikyaku:Spam:MailHosts=mx9.hikyaku.test")]);
        Assert.Equal("mx-foreign", (string)(await UntilAsync(inForce: false))["standing"]!["missing"]![0]!["code"]!);
        await service.RestartAsync();
        await UntilAsync(inForce: true);
    }

    [Fact]
    public async Task A_domain_that_goes_from_DNS_or_loses_its_MX_is_lost()
    {
        await OursAsync();
        await service.Dns.ServeAsync(_domain, "@ NS ns1.hikyaku.test.", "@ A 192.0.2.1");
        Assert.Equal("mx-missing", (string)(await UntilAsync(inForce: false))["standing"]!["missing"]![0]!["code"]!);
        await service.Dns.RemoveAsync(_domain);
        await UntilAsync(d => (string?)d["standing"]!["missing"]![0]!["code"] == "no-domain");
    }

    [Fact]
    public async Task An_alias_of_our_mail_host_is_not_ours_and_the_answer_says_so()
    {
        await service.Dns.ServeAsync(_domain, "@ NS ns1.hikyaku.test.", "@ MX 10 mail", "mail CNAME mx1.hikyaku.test.");
        await service.AddDomainAsync(_domain);
        var dns = await UntilAsync(d => d["standing"]!["missing"]!.AsArray().Count > 0);
        Assert.Equal((false, "mx-alias"), ((bool)dns["inForce"]!, (string)dns["standing"]!["missing"]![0]!["code"]!));
        Assert.Contains($"(CNAME) of ours, which an MX record must not name. Enter our host name itself: mail.{_domain}", (string)dns["standing"]!["missing"]![0]!["text"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_domain_within_a_zone_of_ours_has_its_name_servers()
    {
        await service.Dns.ServeInParentAsync($"{_domain.Split('.')[0]} MX 10 mx1.hikyaku.test.");
        await service.AddDomainAsync(_domain);
        Assert.Equal(["ns1.hikyaku.test.", "ns2.hikyaku.test."], Found(await UntilAsync(inForce: true), "ns"));
    }

    [Fact]
    public async Task A_domain_that_never_had_DNS_is_not_in_force_until_it_has()
    {
        await service.AddDomainAsync(_domain);
        var dns = await UntilAsync(d => d["standing"]?["missing"]?.AsArray().Count > 0);
        Assert.Equal((false, false, "no-domain"), ((bool)dns["inForce"]!, (bool)dns["mx"]!["ok"]!, (string)dns["standing"]!["missing"]![0]!["code"]!));
        await service.SetAsync(NewAccount(_domain), true, true);
        await service.Dns.ServeOursAsync(_domain);
        Assert.True((bool)(await service.CheckAsync(_domain)).Body!["inForce"]!);
    }

    [Fact, Trait("Rule", "ROLE-1")]
    public async Task An_operator_overrides_what_DNS_says_and_takes_it_back()
    {
        await service.AddDomainAsync(_domain);
        await UntilAsync(d => d["checkedAt"] is not null);
        var put = await service.SendAsync(HttpMethod.Put, _domain, "dns/override", new { reason = "moves on Friday" }, Operator);
        Assert.Equal((HttpStatusCode.OK, "\"2\""), (put.Status, put.ETag));
        var dns = await UntilAsync(inForce: true);
        Assert.Equal(("moves on Friday", true, false), ((string)dns["override"]!["reason"]!, (bool)dns["standing"]!["overridden"]!, (bool)dns["mx"]!["ok"]!));
        Assert.Equal(["spam.reason-length"], (await service.SendAsync(HttpMethod.Put, _domain, "dns/override", new { reason = "" }, Operator)).Codes);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await service.SendAsync(HttpMethod.Delete, _domain, "dns/override", new { reason = "done" }, Operator, ("If-Match", "\"1\""))).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await service.SendAsync(HttpMethod.Delete, _domain, "dns/override", new { reason = "done" }, Operator)).Status);
        Assert.Null((await UntilAsync(inForce: false))["override"]);
        var items = (await service.SendAsync(HttpMethod.Get, _domain, "history", null, AdminOf(_domain))).Body!["items"]!.AsArray();
        Assert.Equal(["spam.domain-dns-override-removed", "spam.domain-dns-overridden", "spam.domain-dns-checked"], items.Select(i => (string)i!["type"]!));
        Assert.Equal(("""{"dnsOverride":"moves on Friday"}""", "operator", false), (items[1]!["after"]!.ToJsonString(), (string)items[1]!["by"]!["login"]!, (bool)items[1]!["undoable"]!));
        Assert.Equal(HttpStatusCode.NotFound, (await service.SendAsync(HttpMethod.Get, NewDomain(), "history", null, Operator)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await service.SendAsync(HttpMethod.Put, NewDomain(), "dns/override", new { reason = "x" }, Operator)).Status);
    }

    [Fact, Trait("Rule", "CLI-2")]
    public async Task Recommended_records_are_looked_up_and_decide_nothing()
    {
        var dkim = new DkimRecord($"s1._domainkey.{_domain}", "v=DKIM1; k=rsa; p=AAAA", Active: true);
        await service.Dns.ServeOursAsync(_domain);
        await service.AddDomainAsync(_domain, dkim);
        var dns = await UntilAsync(d => (bool?)d["spf"]!["ok"] == false && (bool)d["inForce"]!);
        Assert.Equal((true, false, false, false), ((bool)dns["inForce"]!, (bool)dns["dmarc"]!["ok"]!, (bool)dns["dkim"]!["ok"]!, (bool)dns["srv"]!["ok"]!));
        await service.Dns.ServeOursAsync(
            _domain, "@ TXT \"v=spf1 mx ~all\"", "@ TXT \"something else\"", "_dmarc TXT \"v=DMARC1; p=none\"", "s1._domainkey TXT \"v=DKIM1; k=rsa; p=A\" \"AAA\"",
            "_imaps._tcp SRV 0 1 993 mx1.hikyaku.test.", "_pop3s._tcp SRV 10 1 995 mx1.hikyaku.test.", "_submissions._tcp SRV 0 1 465 mx1.hikyaku.test.", "_submission._tcp SRV 0 1 587 mx1.hikyaku.test.");
        dns = await UntilAsync(d => new[] { "spf", "dmarc", "dkim", "srv" }.All(r => (bool?)d[r]!["ok"] == true));
        Assert.Equal(["v=spf1 mx ~all"], Found(dns, "spf"));
        Assert.Equal(["v=DKIM1; k=rsa; p=AAAA"], Found(dns, "dkim"));
        Assert.True((bool)dns["srv"]!["recommended"]!);
    }

    [Fact, Trait("Rule", "CLI-2")]
    public async Task How_servers_send_here_over_TLS_is_shown_and_looked_up()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=mx1.hikyaku.test", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(1));
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, certificate.ExportCertificatePem());
        var tlsa = $"3 1 1 {Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()))}";
        const string Hosts = "hikyaku.test";
        await service.Dns.ServeAsync(Hosts, "@ NS ns1.hikyaku.test.");
        await service.Dns.ServeOursAsync(_domain);
        await service.AddDomainAsync(_domain);
        var without = await UntilAsync(d => d["spf"]?["found"] is not null);
        Assert.All(Transport, r => Assert.Equal((null, null, 0), ((bool?)without[r]!["ok"], without[r]!["found"], without[r]!["expected"]!.AsArray().Count)));

        await service.RestartAsync([.. SpamServiceWithDns.SettingsWith(service.Dns.Port, "--Hikyaku:MtaSts:Mode=enforce", "--Hikyaku:MtaSts:Hosts=mx1.hikyaku.test,mx2.hikyaku.test",
            "--Hikyaku:MtaSts:PolicyHost=api.hikyaku.test", "--Hikyaku:Spam:TlsReports=mailto:tls@hikyaku.test", $"--Hikyaku:Spam:Certificate={file}")]);
        var expected = await UntilAsync(d => (bool?)d["mtaSts"]?["ok"] == false && d["mtaSts"]!["expected"]!.AsArray().Count > 0);
        var (sts, rpt) = ((string)expected["mtaSts"]!["expected"]![0]!["value"]!, (string)expected["tlsRpt"]!["expected"]![0]!["value"]!);
        Assert.Matches("^v=STSv1; id=[0-9a-f]{20}$", sts);
        Assert.Equal(($"_25._tcp.mx1.hikyaku.test", tlsa), ((string)expected["dane"]!["expected"]![0]!["name"]!, (string)expected["dane"]!["expected"]![0]!["value"]!));
        string[] published = [$"_mta-sts TXT \"{sts}\"", "mta-sts CNAME api.hikyaku.test.", $"_smtp._tls TXT \"{rpt}\""];
        await service.Dns.ServeOursAsync(_domain, published);
        await service.Dns.ServeAsync(Hosts, "@ NS ns1.hikyaku.test.", $"_25._tcp.mx1 TLSA {tlsa}", $"_25._tcp.mx2 TLSA {tlsa}");
        var dns = await UntilAsync(d => Transport.All(r => (bool?)d[r]!["ok"] == true));
        Assert.Equal([sts, "api.hikyaku.test."], Found(dns, "mtaSts"));
        Assert.Equal([rpt], Found(dns, "tlsRpt"));

        await service.Dns.ServeOursAsync(_domain, [$"_mta-sts TXT \"v=STSv1; id=20250101\"", .. published[1..]]); // an older policy's
        await service.Dns.ServeAsync(Hosts, "@ NS ns1.hikyaku.test.", $"_25._tcp.mx1 TLSA {tlsa}");
        await UntilAsync(d => (bool?)d["mtaSts"]!["ok"] == false && (bool?)d["dane"]!["ok"] == false && (bool?)d["tlsRpt"]!["ok"] == true && (bool)d["inForce"]!);
        File.Delete(file);
        await service.RestartAsync();
    }

    private static readonly string[] Transport = ["mtaSts", "tlsRpt", "dane"];

    private async Task OursAsync()
    {
        await service.Dns.ServeOursAsync(_domain);
        await service.AddDomainAsync(_domain);
        await UntilAsync(inForce: true);
    }

    private Task<JsonNode> UntilAsync(bool inForce) => UntilAsync(d => d["checkedAt"] is not null && (bool)d["inForce"]! == inForce);

    private async Task<JsonNode> UntilAsync(Func<JsonNode, bool> wanted)
        => (await Eventually.Async(() => service.DnsAsync(_domain), r => wanted(r.Body!), TimeSpan.FromSeconds(40))).Body!;

    private static string[] Found(JsonNode dns, string kind) => [.. dns[kind]!["found"]!.AsArray().Select(r => (string)r!["value"]!)];
}
