using System.Security.Cryptography;
using System.Text;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform.Testing;
using MimeKit;
using MimeKit.Cryptography;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Security;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>What people submit is signed by their domain's key (DKIM), and arrives elsewhere with a valid signature.</summary>
public sealed class Signing_mail(NodeToBreak fixture) : IClassFixture<NodeToBreak>, IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
    private readonly MailNodeUnderTest _node = fixture.Node;
    private readonly RSA _key = RSA.Create(2048), _next = RSA.Create(2048);

    public void Dispose()
    {
        _key.Dispose();
        _next.Dispose();
    }

    [Fact]
    public async Task A_submitted_message_is_signed_by_its_domains_key()
    {
        var account = await SenderAsync();
        await RotateAsync(account, 2, "h20261129a", _key);
        var there = await SubmittedAsync(account, "件名", "本文の行\r\n.a line that begins with a dot\r\n\r\n  blanks  \r\n");
        var signature = await AssertSignedAsync(there, account, "h20261129a", _key);
        Assert.Contains("from:from:", signature, StringComparison.Ordinal); // no other From can be put before it
        Assert.Single(there.Headers, h => h.Id == HeaderId.DkimSignature);
    }

    [Fact]
    public async Task What_a_mail_program_left_out_is_signed_as_well()
    {
        var account = await SenderAsync();
        await RotateAsync(account, 2, "h20261129a", _key);
        var to = Outside();
        using (var client = await _node.SmtpAsync("SUBMISSION", MailKit.Security.SecureSocketOptions.StartTls))
        {
            await client.AuthenticateAsync(account.Address, account.Secret, TestContext.Current.CancellationToken);
            Assert.StartsWith("250", await client.SayMessageAsync(account.Address, to, $"From: {account.Address}\r\nBcc: secret@outside.test\r\nSubject: no date"), StringComparison.Ordinal);
        }

        var there = await DeliveredAsync(to);
        Assert.NotNull(there.MessageId);
        var signature = await AssertSignedAsync(there, account, "h20261129a", _key);
        Assert.Contains(":date", signature, StringComparison.Ordinal);
        Assert.Contains(":message-id", signature, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_rotation_the_next_message_is_signed_by_the_new_key()
    {
        var account = await SenderAsync();
        await RotateAsync(account, 2, "h20261129a", _key);
        await AssertSignedAsync(await SubmittedAsync(account), account, "h20261129a", _key);
        await RotateAsync(account, 3, "h20261129b", _next);
        await AssertSignedAsync(await SubmittedAsync(account), account, "h20261129b", _next);
        await RotateAsync(account, 4, null, null);
        Assert.DoesNotContain(await HeadersAsync(account), h => h.Id == HeaderId.DkimSignature);
    }

    [Fact]
    public async Task A_domain_without_a_key_sends_unsigned_and_so_does_one_whose_key_is_no_key()
    {
        var account = await SenderAsync();
        Assert.DoesNotContain(await HeadersAsync(account), h => h.Id == HeaderId.DkimSignature);
        await Account.PublishAsync(_node, at => new DomainState(account.State.Domain, true, 2, at, false) { Dkim = new("h20261129a", "no key") });
        Assert.DoesNotContain(await HeadersAsync(account), h => h.Id == HeaderId.DkimSignature);
    }

    [Fact, Trait("Rule", "RTE-8")]
    public async Task Autoreplies_are_signed_and_forwarded_mail_is_not()
    {
        var account = await SenderAsync();
        await RotateAsync(account, 2, "h20261129a", _key);
        var (sender, elsewhere) = (Outside(), Outside());
        await account.RouteAsync(r => r.ForwardAll(elsewhere) with { Autoreply = "I am away" });
        var message = Encoding.ASCII.GetBytes($"From: {sender}\r\nTo: {account.Address}\r\nSubject: are you there\r\nAuto-Submitted: no\r\nMessage-ID: <{Guid.NewGuid():N}@outside.test>\r\n\r\nbody\r\n");
        Assert.StartsWith("250", await _node.DeliverRawAsync(account.Address, message, sender), StringComparison.Ordinal);
        await AssertSignedAsync(await DeliveredAsync(sender), account, "h20261129a", _key);
        Assert.DoesNotContain((await DeliveredAsync(elsewhere)).Headers, h => h.Id == HeaderId.DkimSignature);
    }

    [Fact]
    public async Task Rspamd_signs_when_it_is_back_and_without_the_agent()
    {
        var account = await SenderAsync();
        await RotateAsync(account, 2, "h20261129a", _key);
        await _node.StopAgentAsync();
        await _node.StopRspamdAsync();
        await _node.StartRspamdAsync();
        await AssertSignedAsync(await SubmittedAsync(account), account, "h20261129a", _key);
        await _node.StartAgentAsync();
        await _node.ReadyAsync();
    }

    [Fact]
    public async Task Keys_are_written_again_with_a_new_replica_and_those_of_unknown_domains_go()
    {
        var account = await SenderAsync();
        await RotateAsync(account, 2, "h20261129a", _key);
        var (file, unknown) = (Path.Combine(_node.Home, "mailnode/signing", account.State.Domain), Path.Combine(_node.Home, "mailnode/signing/unknown.example"));
        File.Delete(file);
        await File.WriteAllTextAsync(unknown, "h1\nkey\n", TestContext.Current.CancellationToken);
        var identity = _node.ReplicaIdentity();
        _node.RemoveReplica();
        await _node.OtherReplicaAsync(identity);
        await Eventually.Async(() => File.Exists(file) && !File.Exists(unknown), Long);
        await _node.ReadyAsync();
        await AssertSignedAsync(await SubmittedAsync(account), account, "h20261129a", _key);
    }

    [Fact]
    public async Task Only_Rspamd_and_root_may_read_a_key()
    {
        var account = await SenderAsync();
        await RotateAsync(account, 2, "h20261129a", _key);
        var listed = await GuardedProcess.RunAsync("root", "stat", "-c", "%U %G %a", Path.Combine(_node.Home, "mailnode/signing", account.State.Domain), Path.Combine(_node.Home, "mailnode/signing"));
        Assert.Equal("root _rspamd 640\nroot _rspamd 2750", listed.Trim());
    }

    private Task<Account> SenderAsync() => Account.OpenAsync(_node, domain: $"d{Guid.NewGuid():N}.example.jp");

    private Task<DomainState> RotateAsync(Account account, long version, string? selector, RSA? key) => Account.PublishAsync(
        _node, at => new DomainState(account.State.Domain, true, version, at, false) { Dkim = selector is null ? null : new(selector, key!.ExportPkcs8PrivateKeyPem()) });

    private async Task<MimeMessage> SubmittedAsync(Account account, string subject = "hello", string body = "body\r\n")
    {
        var to = Outside();
        using var message = new MimeMessage([new MailboxAddress("差出人", account.Address)], [new MailboxAddress("", to)], subject, new TextPart("plain") { Text = body, ContentTransferEncoding = ContentEncoding.Base64 });
        await account.SubmitAsync(message, to);
        return await DeliveredAsync(to);
    }

    private async Task<HeaderList> HeadersAsync(Account account) => (await SubmittedAsync(account)).Headers;

    private async Task<MimeMessage> DeliveredAsync(string to)
    {
        var there = await Eventually.Async(() => _node.Outside.Deliveries.FirstOrDefault(d => d.Recipients.Contains(to)), d => d is not null, Long);
        return await MimeMessage.LoadAsync(new MemoryStream(Encoding.Latin1.GetBytes(there!.Raw)), TestContext.Current.CancellationToken);
    }

    private static async Task<string> AssertSignedAsync(MimeMessage message, Account account, string selector, RSA key)
    {
        var signature = message.Headers.First(h => h.Id == HeaderId.DkimSignature);
        var asked = new Asked(DotNetUtilities.GetRsaPublicKey(key));
        Assert.True(await new DkimVerifier(asked).VerifyAsync(message, signature, TestContext.Current.CancellationToken));
        Assert.Equal((account.State.Domain, selector), asked.For);
        return signature.Value;
    }

    private static string Outside() => $"{Guid.NewGuid():N}@outside.test";

    private sealed class Asked(AsymmetricKeyParameter key) : IDkimPublicKeyLocator
    {
        public (string Domain, string Selector) For { get; private set; }

        public AsymmetricKeyParameter LocatePublicKey(string methods, string domain, string selector, CancellationToken cancellationToken = default)
        {
            For = (domain, selector);
            return key;
        }

        public Task<AsymmetricKeyParameter> LocatePublicKeyAsync(string methods, string domain, string selector, CancellationToken cancellationToken = default)
            => Task.FromResult(LocatePublicKey(methods, domain, selector, cancellationToken));
    }
}
