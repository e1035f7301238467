using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using MimeKit;
using MimeKit.Cryptography;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>
/// Whether a message comes from whom it says (SPF, DKIM, DMARC, ARC) stands in its Authentication-Results (RFC 8601). Rspamd is asked as
/// Postfix asks it, as from a server elsewhere: all connections of a test come from this machine, of which nothing is judged.
/// </summary>
[Collection(OneNodeThatWaits.Name), Trait("Rule", "SPM-1")]
public sealed class Results_of_authentication(NodeThatWaits fixture) : IAsyncLifetime, IDisposable
{
    private const string Theirs = "192.0.2.1", Foreign = "198.51.100.9";
    private readonly RSA _key = RSA.Create(2048);
    private readonly string _domain = $"d{Guid.NewGuid():N}"[..13] + ".example.jp";

    public async ValueTask InitializeAsync()
    {
        var record = $"v=DKIM1; k=rsa; p={Convert.ToBase64String(_key.ExportSubjectPublicKeyInfo())}";
        await fixture.Dns.ServeAsync(
            _domain, "@ NS ns1.hikyaku.test.", $"@ TXT \"v=spf1 ip4:{Theirs} -all\"", "_dmarc TXT \"v=DMARC1; p=reject\"", $"s1._domainkey TXT \"{record[..200]}\" \"{record[200..]}\"");
    }

    public ValueTask DisposeAsync() => default;

    public void Dispose() => _key.Dispose();

    [Fact]
    public async Task Who_sends_from_its_own_server_and_signs_passes_all()
    {
        var results = await ResultsAsync(Signed(), Theirs);
        Assert.StartsWith("mail.hikyaku.localhost;", results, StringComparison.Ordinal);
        Assert.Contains($"dkim=pass header.d={_domain} header.s=s1", results, StringComparison.Ordinal);
        Assert.Contains("spf=pass", results, StringComparison.Ordinal);
        Assert.Contains("dmarc=pass (policy=reject)", results, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_sends_from_elsewhere_without_a_signature_fails()
    {
        var results = await ResultsAsync(Plain(), Foreign);
        Assert.Contains("dkim=none", results, StringComparison.Ordinal);
        Assert.Contains("spf=fail", results, StringComparison.Ordinal);
        Assert.Contains("dmarc=fail", results, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_message_fails_its_signature_and_passes_by_its_server()
    {
        var results = await ResultsAsync(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Signed()).Replace("the text", "another text", StringComparison.Ordinal)), Theirs);
        Assert.Contains("dkim=fail", results, StringComparison.Ordinal);
        Assert.Contains("dmarc=pass", results, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_seal_of_a_list_is_told()
    {
        var message = Message();
        using var key = KeyFile();
        await new Seal(key, _domain, "s1").SignAsync(message, ["From", "Subject"], TestContext.Current.CancellationToken);
        Assert.Contains("arc=pass", await ResultsAsync(Bytes(message), Foreign), StringComparison.Ordinal);
    }

    private async Task<string> ResultsAsync(byte[] message, string from)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"http://127.0.0.1:{fixture.Node.Port("LEARN")}/checkv2")) { Content = new ByteArrayContent(message) };
        request.Headers.Add("Password", (await File.ReadAllTextAsync($"{fixture.Node.Home}/mailnode/scanner/learn.password")).Trim());
        request.Headers.Add("IP", from);
        request.Headers.Add("MTA-Name", "mail.hikyaku.localhost");
        request.Headers.Add("Helo", $"mail.{_domain}");
        request.Headers.TryAddWithoutValidation("From", $"taro@{_domain}");
        request.Headers.TryAddWithoutValidation("Rcpt", "hanako@example.jp");
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("text/plain");
        using var answer = await http.SendAsync(request);
        var judged = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        return (string)judged["milter"]!["add_headers"]!["Authentication-Results"]!["value"]!;
    }

    private MimeMessage Message()
        => new([new MailboxAddress("太郎", $"taro@{_domain}")], [MailboxAddress.Parse("hanako@example.jp")], "signed", new TextPart("plain") { Text = "the text\r\n" });

    private byte[] Plain() => Bytes(Message());

    private byte[] Signed()
    {
        var message = Message();
        using var key = KeyFile();
        new DkimSigner(key, _domain, "s1").Sign(message, [HeaderId.From, HeaderId.Subject, HeaderId.Date]);
        return Bytes(message);
    }

    private MemoryStream KeyFile() => new(Encoding.ASCII.GetBytes(_key.ExportRSAPrivateKeyPem()));

    private static byte[] Bytes(MimeMessage message)
    {
        using var stream = new MemoryStream();
        message.WriteTo(new FormatOptions { NewLineFormat = NewLineFormat.Dos }, stream);
        return stream.ToArray();
    }

    // As a list does that has found nothing wrong.
    private sealed class Seal(Stream key, string domain, string selector) : ArcSigner(key, domain, selector)
    {
        protected override AuthenticationResults GenerateArcAuthenticationResults(FormatOptions options, MimeMessage message, CancellationToken cancellationToken) => new("list.test");

        protected override Task<AuthenticationResults> GenerateArcAuthenticationResultsAsync(FormatOptions options, MimeMessage message, CancellationToken cancellationToken)
            => Task.FromResult(GenerateArcAuthenticationResults(options, message, cancellationToken));
    }
}
