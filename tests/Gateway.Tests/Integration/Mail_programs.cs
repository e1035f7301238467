using System.Net;
using System.Text;
using System.Xml.Linq;
using Hikyaku.Gateway.MailPrograms;
using Hikyaku.Gateway.Routing;
using Hikyaku.Platform.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hikyaku.Gateway.Tests.Integration;

[Trait("Rule", "CLI-2")]
public sealed class Mail_programs(Deployment deployment, Mail_programs.ToldOfServers told) : IClassFixture<Mail_programs.ToldOfServers>
{
    private const string AutodiscoverPath = "/autodiscover/autodiscover.xml";
    private const string OutlookSchema = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";
    private const string Strange = "o'brien&sons@example.jp";

    private static readonly XNamespace Outlook = OutlookSchema;
    private static readonly XNamespace Answers = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006";

    private readonly Client _client = told.Client;

    [Fact]
    public async Task Other_servers_read_the_policy_that_is_set_and_none_where_none_is()
    {
        const string path = "/.well-known/mta-sts.txt";
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetAsync(path)).Status);
        using var client = new Client((await deployment.NewGatewayAsync(deployment.AccountsAddress, "--Hikyaku:MtaSts:Mode=testing", "--Hikyaku:MtaSts:Hosts=mx1.example.jp, *.mx.example.jp", "--Hikyaku:MtaSts:MaxAge=1.00:00:00")).Urls.First());
        var reply = await client.GetAsync(path, null, ("Host", "mta-sts.example.jp"));
        Assert.Equal((HttpStatusCode.OK, "text/plain"), (reply.Status, reply["Content-Type"]));
        Assert.Equal("version: STSv1\r\nmode: testing\r\nmx: mx1.example.jp\r\nmx: *.mx.example.jp\r\nmax_age: 86400\r\n", reply.Text);
        Assert.Contains("Mode must be", (await Assert.ThrowsAsync<InvalidOperationException>(() => deployment.NewGatewayAsync(deployment.AccountsAddress, "--Hikyaku:MtaSts:Mode=strict"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/mail/config-v1.1.xml")]
    [InlineData("/.well-known/autoconfig/mail/config-v1.1.xml")]
    public async Task Thunderbird_learns_where_mail_is(string path)
    {
        var reply = await _client.GetAsync($"{path}?emailaddress=Taro@EXAMPLE.jp");
        Assert.Equal((HttpStatusCode.OK, "text/xml; charset=utf-8"), (reply.Status, reply["Content-Type"]));
        var config = XDocument.Parse(reply.Text).Root!;
        var provider = config.Element("emailProvider")!;

        Assert.Equal(("1.1", "example.jp", "example.jp"), ((string)config.Attribute("version")!, (string)provider.Attribute("id")!, (string)provider.Element("domain")!));
        Assert.Equal(
            [
                "imap mail.example.net 993 SSL", "imap mail.example.net 143 STARTTLS", "pop3 mail.example.net 995 SSL", "pop3 mail.example.net 110 STARTTLS",
                "smtp send.example.net 465 SSL", "smtp send.example.net 587 STARTTLS",
            ],
            provider.Elements().Where(e => e.Element("hostname") is not null).Select(s => $"{(string)s.Attribute("type")!} {(string)s.Element("hostname")!} {(string)s.Element("port")!} {(string)s.Element("socketType")!}"));
        Assert.All(provider.Elements().Where(e => e.Element("hostname") is not null), s => Assert.Equal(("password-cleartext", "%EMAILADDRESS%"), ((string)s.Element("authentication")!, (string)s.Element("username")!)));
        Assert.Equal("https://webmail.example.net/", (string)config.Element("webMail")!.Element("loginPage")!.Attribute("url")!);
    }

    [Theory]
    [InlineData("autoconfig.xn--r8jz45g.jp", "xn--r8jz45g.jp")]
    [InlineData("example.jp", "example.jp")]
    [InlineData("127.0.0.1:8080", "mail.example.net")]
    public async Task Without_an_address_the_host_says_which_domain(string host, string domain)
    {
        var reply = await _client.GetAsync("/mail/config-v1.1.xml", null, ("Host", host));
        Assert.Equal(domain, (string)XDocument.Parse(reply.Text).Root!.Element("emailProvider")!.Element("domain")!);
    }

    // The first is what Outlook of 2013 to 2019 sends, by the spelling that it tries first.
    [Theory]
    [InlineData("/autodiscover/autodiscover.xml", "utf-8")]
    [InlineData("/Autodiscover/Autodiscover.xml", "utf-8")]
    [InlineData("/AutoDiscover/AutoDiscover.xml", "utf-16")]
    public async Task Outlook_learns_where_mail_is(string path, string encoding)
    {
        var reply = await PostAsync(path, Request("Taro@EXAMPLE.jp").Replace("utf-8", encoding, StringComparison.Ordinal), Encoding.GetEncoding(encoding));
        Assert.Equal((HttpStatusCode.OK, "text/xml; charset=utf-8"), (reply.Status, reply["Content-Type"]));
        var account = XDocument.Parse(reply.Text).Element(Answers + "Autodiscover")!.Element(Outlook + "Response")!.Element(Outlook + "Account")!;

        Assert.Equal(("email", "settings"), ((string)account.Element(Outlook + "AccountType")!, (string)account.Element(Outlook + "Action")!));
        Assert.Equal(
            ["IMAP mail.example.net 993 taro@example.jp on off", "POP3 mail.example.net 995 taro@example.jp on off", "SMTP send.example.net 465 taro@example.jp on off"],
            account.Elements(Outlook + "Protocol").Select(p => string.Join(' ', new[] { "Type", "Server", "Port", "LoginName", "SSL", "SPA" }.Select(n => (string)p.Element(Outlook + n)!))));
    }

    [Fact]
    public async Task An_address_with_signs_of_xml_stays_text()
    {
        var reply = await PostAsync(AutodiscoverPath, Request(Strange.Replace("&", "&amp;", StringComparison.Ordinal)));
        Assert.All(XDocument.Parse(reply.Text).Descendants(Outlook + "LoginName"), e => Assert.Equal(Strange, e.Value));
        var profile = XDocument.Parse((await _client.GetAsync($"/api/v1/mobileconfig?address={Uri.EscapeDataString(Strange)}")).Text);
        Assert.Contains(Strange, profile.Descendants("string").Select(s => s.Value));
    }

    public static TheoryData<string> Hostile =>
    [
        "", "no XML", "<a", "<Autodiscover/>", "<Autodiscover><Request><LegacyDN>/o=x</LegacyDN></Request></Autodiscover>",
        "<!DOCTYPE a SYSTEM \"http://127.0.0.1:1/a.dtd\"><Autodiscover/>",
        WithType("<!ENTITY f SYSTEM \"file:///etc/passwd\">", "&f;@example.jp"),
        WithType("<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">", "&c;@example.jp"),
        string.Concat(Enumerable.Repeat("<a>", 5000)),
        "<?xml version=\"1.0\" encoding=\"no-such-thing\"?><Autodiscover/>",
        Request("nobody"), Request("@example.jp"), Request("a b@example.jp"), Request("&lt;script&gt;@example.jp"), Request("taro@[127.0.0.1]"), Request(new string('a', 300) + "@example.jp"),
        Request("a&#10;b@example.jp"),
    ];

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task What_is_no_request_of_outlook_is_refused_in_its_form(string body)
    {
        var reply = await PostAsync(AutodiscoverPath, body);
        Assert.Equal((HttpStatusCode.OK, "600"), (reply.Status, ErrorOf(reply)));
    }

    [Fact]
    public async Task Another_schema_and_a_large_body_are_refused()
    {
        const string phones = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006";
        Assert.Equal("601", ErrorOf(await PostAsync(AutodiscoverPath, Request("taro@example.jp").Replace(OutlookSchema, phones, StringComparison.Ordinal))));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await PostAsync(AutodiscoverPath, Request("taro@example.jp") + new string(' ', 1 << 20))).Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await _client.GetAsync(AutodiscoverPath)).Status);
    }

    [Theory]
    [InlineData("/autodiscover/autodiscover.json?Email=taro%40example.jp&Protocol=Autodiscoverv1&RedirectCount=1")]
    [InlineData("/autodiscover/autodiscover.json/v1.0/taro@example.jp?Protocol=AutodiscoverV1")]
    [InlineData("/Autodiscover/Autodiscover.json/v1.0/taro%40example.jp?protocol=AutodiscoverV1")]
    public async Task New_outlook_is_led_to_the_same(string path)
    {
        var reply = await _client.GetAsync(path, null, ("Host", "autodiscover.example.jp"), ("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Proto", "https"));
        Assert.Equal(("AutodiscoverV1", "https://autodiscover.example.jp/autodiscover/autodiscover.xml"), ((string)reply.Body!["Protocol"]!, (string)reply.Body["Url"]!));
    }

    [Theory]
    [InlineData("?Email=taro@example.jp&Protocol=ActiveSync", "InvalidProtocol")]
    [InlineData("?Email=taro@example.jp&Protocol=%3Cscript%3E", "InvalidProtocol")]
    [InlineData("?Email=taro@example.jp", "MandatoryParameterMissing")]
    [InlineData("?Protocol=AutodiscoverV1", "MandatoryParameterMissing")]
    [InlineData("?Email=x&Protocol=AutodiscoverV1", "MandatoryParameterMissing")]
    public async Task New_outlook_hears_what_is_not_here(string query, string code)
    {
        var reply = await _client.GetAsync("/autodiscover/autodiscover.json" + query);
        Assert.Equal((HttpStatusCode.BadRequest, code), (reply.Status, (string)reply.Body!["ErrorCode"]!));
    }

    [Theory]
    [InlineData("/mail/config-v1.1.xml?emailaddress=nobody", "emailaddress")]
    [InlineData("/api/v1/mobileconfig", "address")]
    [InlineData("/api/v1/mobileconfig?address=a%0Ab@example.jp", "address")]
    [InlineData("/api/v1/mobileconfig?address=taro@example.jp&protocol=exchange", "protocol")]
    public async Task A_bad_parameter_is_named_in_the_callers_language(string path, string name)
    {
        var reply = await _client.GetAsync(path, null, ("Accept-Language", "ja"));
        Assert.Equal((HttpStatusCode.BadRequest, "request.bad-parameter", name), (reply.Status, reply.Code, (string)reply.Body!["errors"]![0]!["field"]!));
        Assert.NotEqual((string)(await _client.GetAsync(path)).Body!["detail"]!, (string)reply.Body["detail"]!);
    }

    [Fact, Trait("Rule", "ROLE-2")]
    public async Task Nothing_tells_whether_an_account_exists()
    {
        var tenant = await deployment.TenantAsync();
        var missing = $"saburo@{tenant.Domain}";
        foreach (var path in new[] { "/mail/config-v1.1.xml?emailaddress=", "/api/v1/mobileconfig?address=", "/autodiscover/autodiscover.json?Protocol=AutodiscoverV1&Email=" })
        {
            var (existing, other) = (await deployment.Client.GetAsync(path + tenant.User), await deployment.Client.GetAsync(path + missing));
            Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (existing.Status, other.Status));
            Assert.Equal(Anonymous(existing, tenant.User), Anonymous(other, missing));
        }

        var (known, unknown) = (await PostAsync(AutodiscoverPath, Request(tenant.User), client: deployment.Client), await PostAsync(AutodiscoverPath, Request(missing), client: deployment.Client));
        Assert.Equal(Anonymous(known, tenant.User), Anonymous(unknown, missing));
    }

    [Fact, Trait("Rule", "GWY-2")]
    public async Task A_network_that_asks_too_often_waits()
    {
        using var client = new Client((await deployment.NewGatewayAsync(told.Address, "--Hikyaku:Throttle:ProgramRequestsPerSecond=1", "--Hikyaku:TrustedProxies=127.0.0.1")).Urls.First());
        var replies = new List<Reply>();
        for (var i = 0; i < 40; i++) replies.Add(await client.GetAsync("/autodiscover/autodiscover.json", null, ("X-Forwarded-For", $"203.0.113.{i}")));

        var refused = replies.Where(r => r.Status == HttpStatusCode.TooManyRequests).ToList();
        Assert.NotEmpty(refused);
        Assert.All(refused, r => Assert.Equal(("request.too-many", true), (r.Code, r["Retry-After"] is not null)));
        Assert.Equal(HttpStatusCode.BadRequest, (await client.GetAsync("/autodiscover/autodiscover.json", null, ("X-Forwarded-For", "198.51.100.1"))).Status);
    }

    [Fact, Trait("Rule", "NOD-2")]
    public async Task Programs_are_set_up_while_the_accounts_service_is_away()
    {
        await using var service = await StandInService.StartAsync(http => http.Response.WriteAsJsonAsync(Server("mail.example.org")));
        var gateway = await deployment.NewGatewayAsync(service.Address);
        var time = new SteppedTime();
        var servers = new MailServers(gateway.Services.GetRequiredService<AccountsClient>(), time, NullLogger<MailServers>.Instance);
        Assert.Equal("mail.example.org", (await servers.ReadAsync()).ReceivingHost);
        await service.DisposeAsync();
        time.Pass(TimeSpan.FromHours(1));

        Assert.Equal("mail.example.org", (await servers.ReadAsync()).ReceivingHost);
        using var client = new Client(gateway.Urls.First()); // its own have never been told
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync("/mail/config-v1.1.xml")).Status);
    }

    internal static object Server(string receiving) => new
    {
        receivingHost = receiving,
        sendingHost = "send.example.net",
        webmail = "https://webmail.example.net/",
        ports = new[]
        {
            new { protocol = "pop3", direction = "receive", plain = 110, tls = 995 },
            new { protocol = "imap", direction = "receive", plain = 143, tls = 993 },
            new { protocol = "smtp", direction = "send", plain = 587, tls = 465 },
        },
    };

    private async Task<Reply> PostAsync(string path, string body, Encoding? encoding = null, Client? client = null)
        => await (client ?? _client).SendAsync(HttpMethod.Post, path, null, new StringContent(body, encoding ?? Encoding.UTF8, "text/xml"));

    private static string Request(string address) => $"""
        <?xml version="1.0" encoding="utf-8"?>
        <Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006">
          <Request>
            <EMailAddress>{address}</EMailAddress>
            <AcceptableResponseSchema>{OutlookSchema}</AcceptableResponseSchema>
          </Request>
        </Autodiscover>
        """;

    private static string WithType(string declarations, string address)
        => Request(address).Replace("<Autodiscover ", $"<!DOCTYPE Autodiscover [{declarations}]><Autodiscover ", StringComparison.Ordinal);

    private static string? ErrorOf(Reply reply) => XDocument.Parse(reply.Text).Descendants(Answers + "ErrorCode").SingleOrDefault()?.Value;

    // Of a profile the identifiers are made from the address.
    private static string Anonymous(Reply reply, string address)
        => System.Text.RegularExpressions.Regex.Replace(reply.Text.Replace(address, "ADDRESS", StringComparison.Ordinal), "[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}|\\.[0-9a-f]{16}", "ID");

    /// <summary>One gateway for all of these tests, and before it what tells it of the mail servers.</summary>
    public sealed class ToldOfServers(Deployment deployment) : IAsyncLifetime
    {
        private StandInService _service = null!;

        /// <summary>Where the servers are told.</summary>
        public string Address => _service.Address;

        /// <summary>Asks the gateway.</summary>
        public Client Client { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            _service = await StandInService.StartAsync(http => http.Response.WriteAsJsonAsync(Server("mail.example.net")));
            Client = new Client((await deployment.NewGatewayAsync(_service.Address, "--Hikyaku:TrustedProxies=127.0.0.1")).Urls.First());
        }

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await _service.DisposeAsync();
        }
    }
}
